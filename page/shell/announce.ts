import { byId, setText } from "../dom.js";

/** Says something to screen readers when they have a moment; nothing is seen of it. */
export function announce(text: string): void {
  setText(byId("announcer"), text);
}
