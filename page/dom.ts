/**
 * What an element is made with: properties by name, attributes where the name has a dash, listeners as
 * functions.
 */
export type Properties = Record<
  string,
  string | number | boolean | null | undefined | ((event: Event) => void)
>;

export type Child = Node | string | null | undefined | false;

const svgSpace = "http://www.w3.org/2000/svg";

/**
 * The one way elements are made here. Text becomes text nodes, never markup, so what a record says cannot
 * become part of the page.
 */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  assign(element, properties);
  append(element, children);
  return element;
}

export function svg(name: string, properties: Properties = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS(svgSpace, name);
  assign(element, properties);
  append(element, children);
  return element;
}

/** An element that index.html has. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element #${id}`);
  return element as Kind;
}

export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren(...children.filter(isNode));
}

/** Writes text only when it changed: unchanged nodes keep selections and say nothing to screen readers. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function assign(element: Element, properties: Properties): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "class") element.setAttribute("class", String(value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(element: Element, children: Child[]): void {
  element.append(...children.filter(isNode));
}

function isNode(child: Child): child is Node | string {
  return child !== null && child !== undefined && child !== false && child !== "";
}
