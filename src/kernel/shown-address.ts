const passwords = ["password", "sslpassword"];

/**
 * The address of a server as it may be shown and kept: without its password. Null where the text is no
 * address.
 */
export function shownAddress(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  url.password = "";
  for (const name of passwords) if (url.searchParams.has(name)) url.searchParams.delete(name);
  return url.href;
}
