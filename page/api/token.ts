const key = "plimsoll.token";

/** Asks the person for a token; null when there is none to give. */
type Ask = (isRefused: boolean) => Promise<string | null>;

let ask: Ask = async () => null;
let asking: Promise<string | null> | null = null;

export function currentToken(): string | null {
  return sessionStorage.getItem(key);
}

export function forgetToken(): void {
  sessionStorage.removeItem(key);
}

export function askTokenWith(dialog: Ask): void {
  ask = dialog;
}

/**
 * One question for all requests that were refused at the same time; `used` is the token that they carried.
 */
export async function renewToken(used: string | null): Promise<string | null> {
  if (currentToken() !== used) return currentToken();
  asking ??= ask(used !== null).finally(() => {
    asking = null;
  });
  const token = await asking;
  if (token !== null) sessionStorage.setItem(key, token);
  return token;
}

/** Headers of a request: the token, where there is one. */
export function tokenHeaders(): Record<string, string> {
  const token = currentToken();
  return token === null ? {} : { authorization: `Bearer ${token}` };
}
