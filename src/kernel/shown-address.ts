/**
 * The address of a server as it may be shown and kept: without its password, and without parameters, which
 * may hold one as well. Null where the text is no address.
 */
export function shownAddress(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  url.password = "";
  url.search = "";
  return url.href;
}
