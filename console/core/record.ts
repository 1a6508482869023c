// A record of the audit trail, as far as it is shown in a line.

/** What of a record is read. Whatever is absent was not known or does not apply. */
export type Record_ = {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: string;
  readonly who: string | undefined;
  readonly credential: string | undefined;
  readonly what: string;
  readonly outcome: string | undefined;
  readonly reason: string | undefined;
  readonly correlation: string | undefined;
};

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const inside = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Reads what is shown of a record as it was found: with its number, and whether its outcome is not known. */
export function line(found: Readonly<Record<string, unknown>>): Record_ {
  const record = inside(found["record"]);
  const actor = inside(record["actor"]);
  const credential = inside(actor["credential"]);
  const tool = inside(record["tool"]);
  return {
    seq: Number(found["seq"] ?? 0),
    at: Number(record["at"] ?? 0),
    kind: text(record["kind"]) ?? "no record any more",
    who: text(actor["user"]),
    credential: text(credential["kind"])?.replaceAll("_", " "),
    what: text(tool["name"]) ?? text(record["target"]) ?? "",
    outcome: text(record["outcome"]) ?? (found["outcome_unknown"] === true ? "unknown" : undefined),
    reason: text(record["reason"]),
    correlation: text(record["correlation"]),
  };
}

/** How an outcome looks: good, bad, or neither. */
export function looks(outcome: string): "good" | "bad" | "plain" {
  if (["ok", "allowed", "approved"].includes(outcome)) return "good";
  return /refus|fail|denied|error|withheld|guarded|unavailable|bad_|revoked|limited/.test(outcome) ? "bad" : "plain";
}
