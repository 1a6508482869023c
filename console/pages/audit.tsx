// The audit trail: searched, exported and verified.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Record_, line, looks } from "../core/record.ts";
import { to } from "../core/place.ts";
import { counted } from "../core/text.ts";
import { type Schemas, Refused, api, ask } from "../gateway/api.ts";
import { send } from "../gateway/session.ts";
import { Action } from "../parts/action.tsx";
import { Field } from "../parts/field.tsx";
import { useList } from "../parts/loading.ts";
import { More, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { useNames } from "../parts/users.tsx";
import { Json, Tag, Visible, When } from "../parts/visible.tsx";

/** What the gateway searches by. */
const FILTERS = ["kind", "user", "tool", "outcome", "correlation", "target", "contains", "from", "to"] as const;
/** What is searched by less often. */
const SELDOM = ["correlation", "user", "target", "from", "to"] as const;
type Filter = (typeof FILTERS)[number];

const KINDS: readonly [string, string][] = [
  ["", "everything"],
  ["tool.", "calls of tools"],
  ["auth.", "logins and sessions"],
  ["oauth.", "clients and consents"],
  ["admin.", "administration"],
  ["approval.", "approvals"],
  ["drift.", "drift"],
  ["request.", "refused requests"],
];

export function Audit({ query }: { query: URLSearchParams }): JSX.Element {
  const names = useNames();
  const asked = query.toString();
  const filter = Object.fromEntries(
    FILTERS.map((name) => [name, query.get(name) ?? ""]).filter(([, value]) => value !== ""),
  );
  const records = useList(
    (cursor) =>
      ask(
        api.GET("/admin/audit", {
          params: {
            query: { ...filter, order: "newest_first", limit: 100, ...(cursor !== undefined && { cursor }) },
          },
        }),
      ),
    [asked],
  );
  return (
    <>
      <Search query={query} />
      <Shown
        of={records}
        what="the records"
        none={
          records.more
            ? "No record fits of those that were looked at: show more to look further back."
            : "No record fits."
        }
      >
        {(all) => (
          <>
            <p class="quiet">{counted(all.length, "record")}, newest first.</p>
            <Lines records={all} names={names} />
          </>
        )}
      </Shown>
      <More of={records} />
      <Whole />
    </>
  );
}

function Lines({
  records,
  names,
}: {
  records: Record<string, unknown>[];
  names: (id: string | undefined) => string;
}): JSX.Element {
  const rows = records.map((record) => ({ record, line: line(record) }));
  return (
    <Table
      caption="Records of the audit trail"
      rows={rows}
      id={({ line }) => String(line.seq)}
      columns={[
        { head: "When", cell: ({ line }) => <When at={line.at === 0 ? null : line.at / 1000} none="–" /> },
        {
          head: "What",
          cell: ({ line }) => (
            <>
              <code>{line.kind}</code> <Visible text={line.what} />
            </>
          ),
        },
        { head: "Who", cell: ({ line }) => <Who line={line} names={names} /> },
        {
          head: "Outcome",
          cell: ({ line }) => (
            <>
              {line.outcome && <Tag is={looks(line.outcome)}>{line.outcome}</Tag>} <Visible text={line.reason ?? ""} />
            </>
          ),
        },
        { head: "Record", cell: ({ record, line }) => <Whole_ record={record} line={line} /> },
      ]}
    />
  );
}

const Who = ({ line, names }: { line: Record_; names: (id: string | undefined) => string }): JSX.Element => (
  <>
    {line.who === undefined ? (
      <span class="quiet">nobody known</span>
    ) : (
      <a href={to("audit", undefined, { user: line.who })}>{names(line.who)}</a>
    )}
    {line.credential && <span class="quiet"> by {line.credential}</span>}
  </>
);

const Whole_ = ({ record, line }: { record: unknown; line: Record_ }): JSX.Element => (
  <details>
    <summary>{`No. ${line.seq}`}</summary>
    {line.correlation && (
      <p>
        <a href={to("audit", undefined, { correlation: line.correlation })}>The whole request</a>
      </p>
    )}
    <Json value={record} />
  </details>
);

/** A moment as a field for date and time has it, on the reader's clock. */
function local(seconds: string): string {
  if (seconds === "") return "";
  const moment = new Date(Number(seconds) * 1000);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Search({ query }: { query: URLSearchParams }): JSX.Element {
  const read = (): Record<Filter, string> =>
    Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""])) as Record<Filter, string>;
  const [typed, setTyped] = useState(read);
  useEffect(() => setTyped(read()), [query.toString()]);
  const set = (name: Filter) => (event: { currentTarget: { value: string } }) =>
    setTyped({ ...typed, [name]: event.currentTarget.value });
  const moment = (name: "from" | "to") => (event: { currentTarget: { value: string } }) => {
    const at = Date.parse(event.currentTarget.value);
    setTyped({ ...typed, [name]: Number.isNaN(at) ? "" : String(Math.floor(at / 1000)) });
  };
  const text = (name: Filter, label: string, hint?: string): JSX.Element => (
    <Field label={label} {...(hint !== undefined && { hint })}>
      {(id, described) => (
        <input
          id={id}
          aria-describedby={described}
          autoComplete="off"
          spellcheck={false}
          value={typed[name]}
          onInput={set(name)}
        />
      )}
    </Field>
  );
  const search = (event: Event): void => {
    event.preventDefault();
    location.hash = to("audit", undefined, typed);
  };
  return (
    <form class="search" role="search" onSubmit={search}>
      <div class="fields">
        <Field label="What was done">
          {(id) => (
            <select id={id} value={typed.kind} onChange={set("kind")}>
              {KINDS.map(([kind, words]) => (
                <option key={kind} value={kind}>
                  {words}
                </option>
              ))}
              {!KINDS.some(([kind]) => kind === typed.kind) && <option value={typed.kind}>{typed.kind}</option>}
            </select>
          )}
        </Field>
        {text("tool", "Tool")}
        {text("outcome", "Outcome")}
        {text("contains", "Contains")}
      </div>
      <details open={SELDOM.some((name) => typed[name] !== "")}>
        <summary>More to search by</summary>
        <div class="fields">
          {text("correlation", "Correlation id")}
          {text("user", "User's id")}
          {text("target", "Done to")}
          <Field label="From">
            {(id) => <input id={id} type="datetime-local" value={local(typed.from)} onInput={moment("from")} />}
          </Field>
          <Field label="To">
            {(id) => <input id={id} type="datetime-local" value={local(typed.to)} onInput={moment("to")} />}
          </Field>
        </div>
      </details>
      <div class="buttons">
        <button type="submit" class="primary">
          Search
        </button>
        <a href={to("audit")}>Everything</a>
      </div>
    </form>
  );
}

/** The trail as a whole: verified, and taken away as a file. Both may take long. */
function Whole(): JSX.Element {
  const [verdict, setVerdict] = useState<Schemas["AuditVerdict"]>();
  const [lines, setLines] = useState<number>();
  const verify = async (): Promise<void> => setVerdict(await ask(api.GET("/admin/audit/verify")));
  const take = async (): Promise<void> => {
    const parts: string[] = [];
    let next: string | undefined = "/admin/audit/export";
    let count = 0;
    while (next !== undefined) {
      const response: Response = await send(new Request(new URL(next, location.origin)));
      if (!response.ok) throw new Refused(response, await response.json().catch(() => undefined));
      const part = await response.text();
      parts.push(part);
      count += part.split("\n").length - 1;
      setLines(count);
      next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
    }
    const file = URL.createObjectURL(new Blob(parts, { type: "application/x-ndjson" }));
    Object.assign(document.createElement("a"), { href: file, download: "audit.jsonl" }).click();
    URL.revokeObjectURL(file);
  };
  return (
    <section class="panel" aria-labelledby="whole">
      <h2 id="whole">The whole trail</h2>
      <div class="buttons">
        <Action label="Verify it" run={verify} />
        <Action label="Export it" run={take} done="The export is in your downloads." />
        {lines !== undefined && <span role="status">{counted(lines, "line")} read</span>}
      </div>
      {verdict && (
        <div role="status">
          <p>
            {verdict.intact ? <Tag is="good">nothing is wrong</Tag> : <Tag is="bad">it was changed</Tag>}{" "}
            {counted(verdict.records, "record")} were looked at
            {verdict.complete
              ? ", which is all of it."
              : "; there are more. An export holds all, and cargo xtask audit verify looks at it."}
          </p>
          {verdict.faults.length > 0 && <Json value={verdict.faults} />}
        </div>
      )}
    </section>
  );
}
