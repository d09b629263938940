const key = "plimsoll.token";

/** Asks the person for a token; null when there is none to give. */
type Ask = (isRefused: boolean) => Promise<string | null>;

let ask: Ask = async () => null;
let asking: Promise<string | null> | null = null;
/** Somebody said "not now": the page asks no more by itself. */
let isDeclined = false;

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
  if (isDeclined) return null;
  asking ??= ask(used !== null).finally(() => {
    asking = null;
  });
  const token = await asking;
  isDeclined = token === null;
  if (token !== null) sessionStorage.setItem(key, token);
  return token;
}

/** Asks on a person's own wish, whatever was said before. */
export function askTokenAgain(): Promise<string | null> {
  isDeclined = false;
  return renewToken(currentToken());
}

/** Headers of a request: the token, where there is one. */
export function tokenHeaders(): Record<string, string> {
  const token = currentToken();
  return token === null ? {} : { authorization: `Bearer ${token}` };
}
