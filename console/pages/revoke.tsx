// Ending access: of one thing, of somebody, or of everybody.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { type Schemas, api, ask, once } from "../gateway/api.ts";
import { over } from "../gateway/session.ts";
import { Action } from "../parts/action.tsx";
import { Field } from "../parts/field.tsx";
import { useList } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { More, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { ChooseUser, useNames, useUsers } from "../parts/users.tsx";
import { Visible, When } from "../parts/visible.tsx";

type Kind = Schemas["RevocationKind"];
type Wanted = Schemas["NewRevocation"];

const KINDS: readonly [Exclude<Kind, "tenant">, string][] = [
  ["user", "everything a user has open, keys included"],
  ["session", "one session of a user"],
  ["token", "one access token of a user"],
  ["key", "one API key"],
  ["client", "what an OAuth client has"],
  ["before", "what was opened before a moment"],
];

export function Revoke(): JSX.Element {
  const person = usePerson();
  const names = useNames();
  const list = useList(
    (cursor) => ask(api.GET("/admin/revocations", { params: { query: cursor === undefined ? {} : { cursor } } })),
    [],
  );
  const revoke = (body: Wanted) => async (): Promise<void> => {
    await ask(api.POST("/admin/revocations", { params: { header: once() }, body }));
    if (body.kind === "tenant") over("Your session is over: everything was revoked.");
    else await list.again();
  };
  return (
    <>
      {manages(person) && <Everything revoke={revoke} />}
      {manages(person) && <One revoke={revoke} />}
      <section aria-labelledby="revoked">
        <h2 id="revoked">Revoked, and good otherwise</h2>
        <Shown of={list} what="what was revoked" none="Nothing that would still be good is revoked.">
          {(all) => (
            <Table
              caption="What was revoked"
              rows={all}
              id={({ id }) => id}
              columns={[
                {
                  head: "What",
                  cell: ({ kind, subject }) => (
                    <>
                      {kind} <code>{subject}</code>
                    </>
                  ),
                },
                { head: "Whose", cell: ({ user }) => (user === null ? "everybody's" : names(user)) },
                { head: "Why", cell: ({ cause }) => <Visible text={cause} /> },
                { head: "By", cell: ({ made_by }) => (made_by === null ? "the gateway" : names(made_by)) },
                { head: "When", cell: ({ created_at }) => <When at={created_at} /> },
                { head: "Kept until", cell: ({ until }) => <When at={until} /> },
              ]}
            />
          )}
        </Shown>
        <More of={list} />
      </section>
    </>
  );
}

type Revoking = (body: Wanted) => () => Promise<void>;

function Everything({ revoke }: { revoke: Revoking }): JSX.Element {
  const { tenant } = usePerson();
  return (
    <section class="panel danger" aria-labelledby="everything">
      <h2 id="everything">Revoke everything</h2>
      <p>
        Ends every session, token and API key of everybody in {tenant}, within a second. People sign in again; keys have
        to be made anew. You are signed out too.
      </p>
      <Action
        label="Revoke everything"
        danger
        run={revoke({ kind: "tenant", reason: "revoked at the console" })}
        done="Everything is revoked."
        confirm={{
          title: `Revoke everything of ${tenant}?`,
          words: "Every agent stops within a second, and every person is signed out. This cannot be undone.",
          typed: tenant,
        }}
      />
    </section>
  );
}

function One({ revoke }: { revoke: Revoking }): JSX.Element {
  const users = useUsers();
  const [kind, setKind] = useState<Kind>("user");
  const [user, setUser] = useState("");
  const [id, setId] = useState("");
  const [moment, setMoment] = useState("");
  const [reason, setReason] = useState("");
  const hasId = kind === "token" || kind === "session" || kind === "key" || kind === "client";
  const needsUser = kind === "token" || kind === "session" || kind === "user";
  const takesUser = needsUser || kind === "client" || kind === "before";
  const at = Date.parse(moment);
  const missing = (needsUser && user === "") || (hasId && id.trim() === "") || (kind === "before" && Number.isNaN(at));
  const body: Wanted = {
    kind,
    ...(takesUser && user !== "" && { user }),
    ...(hasId && { id: id.trim() }),
    ...(kind === "before" && { moment: Math.floor(at / 1000) }),
    ...(reason.trim() !== "" && { reason: reason.trim() }),
  };
  const words = KINDS.find(([one]) => one === kind)?.[1] ?? kind;
  return (
    <section class="panel" aria-labelledby="some">
      <h2 id="some">Revoke a part</h2>
      <div class="fields">
        <Field label="Revoke">
          {(field) => (
            <select id={field} value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
              {KINDS.map(([one, told]) => (
                <option key={one} value={one}>
                  {told}
                </option>
              ))}
            </select>
          )}
        </Field>
        {takesUser && (
          <ChooseUser
            label={needsUser ? "Whose" : "Whose (optional)"}
            of={users}
            value={user}
            choose={setUser}
            nobody={needsUser ? "Choose…" : "everybody's"}
          />
        )}
        {hasId && (
          <Field label={kind === "client" ? "Client's id" : `Id of the ${kind}`} hint="As the audit trail has it.">
            {(field, hint) => (
              <input
                id={field}
                aria-describedby={hint}
                autoComplete="off"
                spellcheck={false}
                value={id}
                onInput={(event) => setId(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        {kind === "before" && (
          <Field label="Before">
            {(field) => (
              <input
                id={field}
                type="datetime-local"
                value={moment}
                onInput={(event) => setMoment(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <Field label="Why (optional)">
          {(field) => (
            <input
              id={field}
              autoComplete="off"
              maxLength={200}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
      <Action
        label="Revoke"
        danger
        disabled={missing}
        run={revoke(body)}
        done="It is revoked: refused everywhere within a second."
        confirm={{
          title: "Revoke this?",
          words: (
            <p>
              This ends {words}
              {user !== "" && takesUser
                ? ` (${(users.value ?? []).find((one) => one.id === user)?.username ?? user})`
                : ""}
              , within a second. It cannot be undone.
            </p>
          ),
        }}
      />
    </section>
  );
}
