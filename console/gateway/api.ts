// The client of the gateway's REST API. Its types are made of the API's own description.
import type { components, paths } from "openapi";
import createClient from "openapi-fetch";
import { send } from "./session.ts";

export type Schemas = components["schemas"];

/** A refusal, as the gateway words it (RFC 9457). */
export class Refused extends Error {
  readonly status: number;
  readonly title: string;
  readonly kind: string;
  readonly correlation: string | undefined;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];

  constructor(response: Response, body: unknown) {
    const told = (typeof body === "object" && body !== null ? body : {}) as Partial<Schemas["ProblemDocument"]>;
    super(told.detail ?? `The gateway answered with status ${response.status}.`);
    this.status = response.status;
    this.title = told.title ?? "Refused";
    this.kind = told.type?.split(":").at(-1) ?? "";
    this.correlation = told.correlation_id ?? response.headers.get("x-correlation-id") ?? undefined;
    this.errors = (told.errors ?? []).map((error) => ({ pointer: error.pointer, detail: error.problem }));
  }
}

/** The API as the person who is signed in. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

type Called<T> = { data?: T | undefined; error?: unknown; response: Response };

/** What an order gives, or [`Refused`]. */
export async function ask<T>(called: Promise<Called<T>>): Promise<T> {
  const { data, error, response } = await called;
  if (!response.ok) throw new Refused(response, error);
  return data as T;
}

/** An answer as JSON, or [`Refused`]: for what is asked with another credential, or none. */
export async function askWith<T>(path: string, credential?: string, order: RequestInit = {}): Promise<T> {
  const headers = new Headers(order.headers);
  if (credential !== undefined) headers.set("authorization", `Bearer ${credential}`);
  const response = await fetch(path, { ...order, headers, credentials: "omit", cache: "no-store", redirect: "error" });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new Refused(response, body);
  return body as T;
}

/** The header of an order that may be sent twice and is carried out once. */
export const once = (): { "Idempotency-Key": string } => ({ "Idempotency-Key": crypto.randomUUID() });

/** The header of a change of what was read in this version. */
export const ifStill = (version: number): { "If-Match": string } => ({ "If-Match": `"v${version}"` });

/** So many things of a list are read at once for a choice. */
const MOST = 2000;

/** Every thing of a list, page by page: 2,000 at most. */
export async function every<T>(
  page: (query: { limit: number; cursor?: string }) => Promise<{ items: T[]; next?: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await page({ limit: 200, ...(cursor !== undefined && { cursor }) });
    all.push(...items);
    cursor = next ?? undefined;
  } while (cursor !== undefined && all.length < MOST);
  return all;
}
