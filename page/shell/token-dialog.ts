import { askTokenAgain, askTokenWith, currentToken, forgetToken } from "../api/token.js";
import { byId, setText } from "../dom.js";

/** Asks for a token when the server wants one; it stays in this tab and is gone with it. */
export function startTokenDialog(): void {
  const dialog = byId<HTMLDialogElement>("token-dialog");
  const forget = byId<HTMLButtonElement>("forget-token");
  const use = byId<HTMLButtonElement>("use-token");
  askTokenWith(async (isRefused) => {
    const told = isRefused ? "The server does not know that token. Try another one." : "";
    setText(byId("token-refused"), told);
    const token = await answerOf(dialog);
    forget.hidden = token === null;
    use.hidden = token !== null;
    return token;
  });
  byId("token-later").addEventListener("click", () => dialog.close(""));
  // Everything that was refused is asked for anew, in one stroke.
  use.addEventListener("click", async () => {
    if ((await askTokenAgain()) !== null) location.reload();
  });
  forget.addEventListener("click", () => {
    forgetToken();
    location.reload();
  });
  forget.hidden = currentToken() === null;
}

function answerOf(dialog: HTMLDialogElement): Promise<string | null> {
  const field = byId<HTMLInputElement>("token");
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const settle = () => {
      const token = dialog.returnValue === "use" ? field.value.trim() : "";
      field.value = "";
      resolve(token === "" ? null : token);
    };
    dialog.addEventListener("close", settle, { once: true });
  });
}
