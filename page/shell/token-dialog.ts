import { askTokenWith, currentToken, forgetToken } from "../api/token.js";
import { byId, setText } from "../dom.js";

/** Asks for a token when the server wants one; it stays in this tab and is gone with it. */
export function startTokenDialog(): void {
  const dialog = byId<HTMLDialogElement>("token-dialog");
  const field = byId<HTMLInputElement>("token");
  const forget = byId<HTMLButtonElement>("forget-token");
  const drawForget = () => {
    forget.hidden = currentToken() === null;
  };
  askTokenWith((isRefused) => {
    setText(byId("token-refused"), isRefused ? "The server does not know that token. Try another one." : "");
    field.value = "";
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener(
        "close",
        () => {
          const token = dialog.returnValue === "use" ? field.value.trim() : "";
          field.value = "";
          resolve(token === "" ? null : token);
          setTimeout(drawForget);
        },
        { once: true },
      );
    });
  });
  forget.addEventListener("click", () => {
    forgetToken();
    location.reload();
  });
  drawForget();
}
