import { byId } from "../dom.js";

export interface DropZoneHost {
  onFiles: (files: File[]) => void;
  /** Whether the server takes any. */
  isOpen: () => boolean;
}

/** Files can be dropped anywhere on the page, and chosen by the button. */
export function startDropZone({ onFiles, isOpen }: DropZoneHost): void {
  const veil = byId("drop-veil");
  const input = byId<HTMLInputElement>("file");
  byId("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    onFiles([...(input.files ?? [])]);
    // The same file may be chosen again, to go on with it.
    input.value = "";
  });
  const hasFiles = (event: DragEvent) => isOpen() && (event.dataTransfer?.types.includes("Files") ?? false);
  addEventListener("dragenter", (event) => {
    if (hasFiles(event)) veil.hidden = false;
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
  });
  // Leaving an element for one inside of it is no leaving: only the window's border has nothing beyond.
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
