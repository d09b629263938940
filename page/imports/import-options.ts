import { byId } from "../dom.js";

const fieldNames = ["entity", "key", "index", "range", "text"] as const;

/** The choices beside the file button, as the import options that the server takes. */
export class ImportOptions {
  readonly #preset = byId<HTMLSelectElement>("preset");
  readonly #format = byId<HTMLSelectElement>("format");
  readonly #conflict = byId<HTMLSelectElement>("on-conflict");
  readonly #verify = byId<HTMLInputElement>("verify");
  readonly #fresh = byId<HTMLInputElement>("fresh");
  #isChosen = false;

  constructor(onChange: () => void) {
    this.#fresh.addEventListener("change", onChange);
    this.#preset.addEventListener("change", () => {
      this.#isChosen = true;
      this.#draw();
    });
    this.#draw();
  }

  /** Proposes the preset, unless a person has chosen. */
  propose(isNostr: boolean): void {
    if (this.#isChosen) return;
    this.#preset.value = isNostr ? "nostr" : "";
    this.#draw();
  }

  /** Whether an import that stopped half-way is to be forgotten. */
  get isFresh(): boolean {
    return this.#fresh.checked;
  }

  /** It is meant once. */
  forgetFresh(): void {
    this.#fresh.checked = false;
  }

  parameters(): URLSearchParams {
    const parameters = new URLSearchParams();
    const set = (name: string, value: string) => {
      if (value !== "") parameters.set(name, value);
    };
    const isNostr = this.#preset.value === "nostr";
    set("preset", this.#preset.value);
    set("format", this.#format.value);
    if (this.isFresh) set("fresh", "true");
    if (isNostr) {
      if (this.#verify.checked) set("verify", "true");
      return parameters;
    }
    for (const name of fieldNames) set(name, byId<HTMLInputElement>(`option-${name}`).value.trim());
    set("on-conflict", this.#conflict.value);
    return parameters;
  }

  #draw(): void {
    const isNostr = this.#preset.value === "nostr";
    byId("options-nostr").hidden = !isNostr;
    byId("options-records").hidden = isNostr;
  }
}
