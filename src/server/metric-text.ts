/** A value, and its labels as `{name="value"}`, or "" for one without. */
export type Sample = readonly [labels: string, value: number];

export function gauge(name: string, help: string, value: number): string {
  return metric(name, "gauge", help, [["", value]]);
}

export function counter(name: string, help: string, samples: readonly Sample[]): string {
  return metric(name, "counter", help, samples);
}

/** One metric in the text format of Prometheus. */
export function metric(
  name: string,
  type: "gauge" | "counter",
  help: string,
  samples: readonly Sample[],
): string {
  const full = `plimsoll_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labels} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}

/** Labels may be any text: names of databases are their users'. */
export function labelsOf(labels: Readonly<Record<string, string>>): string {
  const escaped = Object.entries(labels).map(([name, value]) => {
    const text = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    return `${name}="${text}"`;
  });
  return `{${escaped.join(",")}}`;
}
