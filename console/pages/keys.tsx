// API keys: whose they are, what they may, and their end.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages, managesOwn, reads } from "../core/permission.ts";
import { to } from "../core/place.ts";
import { listed } from "../core/text.ts";
import { type Schemas, api, ask, once } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { Field, TextArea, TextField } from "../parts/field.tsx";
import { useList } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Secret } from "../parts/secret.tsx";
import { More, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { ChooseUser, useNames, useUsers } from "../parts/users.tsx";
import { Tag, Visible, When } from "../parts/visible.tsx";

type Key = Schemas["KeyView"];

const SCOPES = ["tools:read", "tools:call", "admin:read", "admin:write"];

export function Keys(): JSX.Element {
  const person = usePerson();
  const names = useNames();
  const keys = useList(
    (cursor) =>
      ask(api.GET("/admin/keys", { params: { query: { limit: 100, ...(cursor !== undefined && { cursor }) } } })),
    [],
  );
  const [made, setMade] = useState<Schemas["MadeKey"]>();
  const revoke = (key: Key) => async (): Promise<void> => {
    await ask(api.DELETE("/admin/keys/{id}", { params: { path: { id: key.id } } }));
    await keys.again();
  };
  const rotate = (key: Key) => async (): Promise<void> => {
    setMade(
      await ask(api.POST("/admin/keys/{id}/rotate", { params: { path: { id: key.id }, header: once() }, body: {} })),
    );
    await keys.again();
  };
  const may = (key: Key): boolean =>
    (manages(person) || (managesOwn(person) && key.user === person.sub)) && key.revoked_at === null;
  return (
    <>
      {made && (
        <Secret
          what={`The key ${made.key.name}`}
          secret={made.secret}
          note="Send it as Authorization: Bearer."
          close={() => setMade(undefined)}
        />
      )}
      {managesOwn(person) && (
        <Make
          made={async (key) => {
            setMade(key);
            await keys.again();
          }}
        />
      )}
      <Shown of={keys} what="the keys" none={reads(person) ? "Nobody has a key." : "You have no key."}>
        {(all) => (
          <Table
            caption="API keys"
            rows={all}
            id={({ id }) => id}
            columns={[
              { head: "Name", cell: ({ name }) => <Visible text={name} /> },
              { head: "Whose", cell: ({ user }) => names(user) },
              { head: "May", cell: (key) => <May of={key} /> },
              { head: "Standing", cell: (key) => <Standing of={key} /> },
              { head: "Last used", cell: ({ last_used_at }) => <When at={last_used_at} /> },
              {
                head: "",
                cell: (key) => (
                  <div class="buttons">
                    {may(key) && (
                      <Action
                        label="Rotate"
                        about={key.name}
                        run={rotate(key)}
                        confirm={{
                          title: `Rotate ${key.name}?`,
                          words: "A new key is made and shown once. This one goes on for an hour.",
                        }}
                      />
                    )}
                    {may(key) && (
                      <Action
                        label="Revoke"
                        about={key.name}
                        danger
                        run={revoke(key)}
                        done={`${key.name} is revoked: refused everywhere within a second.`}
                        confirm={{
                          title: `Revoke ${key.name}?`,
                          words: (
                            <p>
                              Whatever uses it is refused within a second. This cannot be undone. Its id is{" "}
                              <code>{key.id}</code>.
                            </p>
                          ),
                        }}
                      />
                    )}
                    {reads(person) && <a href={to("audit", undefined, { contains: key.id })}>Records</a>}
                  </div>
                ),
              },
            ]}
          />
        )}
      </Shown>
      <More of={keys} />
    </>
  );
}

const May = ({ of }: { of: Key }): JSX.Element => (
  <>
    {of.scope}
    {of.tools && (
      <>
        <br />
        tools <Visible text={of.tools.join(", ")} />
      </>
    )}
    {of.upstreams && (
      <>
        <br />
        upstreams <Visible text={of.upstreams.join(", ")} />
      </>
    )}
    {of.networks && (
      <>
        <br />
        from {of.networks.join(", ")}
      </>
    )}
  </>
);

function Standing({ of }: { of: Key }): JSX.Element {
  if (of.revoked_at !== null)
    return (
      <>
        <Tag is="bad">revoked</Tag> <When at={of.revoked_at} />
      </>
    );
  if (of.expires_at === null) return <Tag is="good">good</Tag>;
  return of.expires_at * 1000 < Date.now() ? (
    <Tag is="plain">expired</Tag>
  ) : (
    <>
      <Tag is="good">good</Tag> until <When at={of.expires_at} />
    </>
  );
}

function Make({ made }: { made: (key: Schemas["MadeKey"]) => Promise<void> }): JSX.Element {
  const person = usePerson();
  const [name, setName] = useState("");
  const [user, setUser] = useState(person.sub);
  const [scope, setScope] = useState(["tools:read", "tools:call"]);
  const [tools, setTools] = useState("");
  const [days, setDays] = useState("90");
  const users = useUsers();
  const make = async (): Promise<void> => {
    const patterns = listed(tools);
    const body = {
      name,
      user,
      scope: scope.join(" "),
      ...(patterns.length > 0 && { tools: patterns }),
      ...(days !== "" && { expires_at: Math.floor(Date.now() / 1000) + Number(days) * 86_400 }),
    };
    await made(await ask(api.POST("/admin/keys", { params: { header: once() }, body })));
    setName("");
  };
  return (
    <details class="panel">
      <summary>Make a key</summary>
      <Form label="Make it" run={make} disabled={name.trim() === "" || scope.length === 0}>
        <TextField label="Name" maxLength={64} value={name} set={setName} />
        {manages(person) && <ChooseUser label="Whose" of={users} value={user} choose={setUser} />}
        <fieldset>
          <legend>What it may be used for</legend>
          {SCOPES.filter((one) => person.scope.split(" ").includes(one)).map((one) => (
            <label key={one} class="check">
              <input
                type="checkbox"
                checked={scope.includes(one)}
                onChange={(event) =>
                  setScope(event.currentTarget.checked ? [...scope, one] : scope.filter((other) => other !== one))
                }
              />
              <code>{one}</code>
            </label>
          ))}
        </fieldset>
        <TextArea
          label="Only these tools (optional)"
          hint="Names as they are shown, with * for any ending; one a line."
          rows={2}
          value={tools}
          set={setTools}
        />
        <Field label="Ends after">
          {(id) => (
            <select id={id} value={days} onChange={(event) => setDays(event.currentTarget.value)}>
              <option value="1">a day</option>
              <option value="30">30 days</option>
              <option value="90">90 days</option>
              <option value="365">a year</option>
              <option value="">never by itself</option>
            </select>
          )}
        </Field>
      </Form>
    </details>
  );
}
