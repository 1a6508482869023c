// Where in the console somebody is: the part of the address after `#`, so that every view can be linked to.

/** A page, what of it, and how it is narrowed. */
export type Place = { readonly page: string; readonly id: string | undefined; readonly query: URLSearchParams };

/** Reads the part of an address after `#`. */
export function parse(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", id] = path.split("/");
  return { page, id: id === undefined || id === "" ? undefined : decoded(id), query: new URLSearchParams(query) };
}

/** The address of a place. */
export function to(page: string, id?: string, query: Record<string, string> = {}): string {
  const narrowed = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  const path = id === undefined ? page : `${page}/${encodeURIComponent(id)}`;
  return narrowed.size === 0 ? `#/${path}` : `#/${path}?${narrowed}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
