// The credentials that an upstream is shown: what may be seen of them, and how one is given. None is ever shown again.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { type Schemas, api, ask, every, ifStill, once } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { Field, TextField } from "../parts/field.tsx";
import { useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { useNames } from "../parts/users.tsx";
import { Visible, When } from "../parts/visible.tsx";

type Credential = Schemas["CredentialView"];

/** The kinds that are given in a form: what is typed for each, and what is secret of it. */
const KINDS = {
  bearer: { words: "A bearer token", fields: [["token", "Token"]], secret: ["token"] },
  header: {
    words: "A header field",
    fields: [
      ["name", "Name of the field"],
      ["value", "Value"],
    ],
    secret: ["value"],
  },
  query: {
    words: "A parameter of the address",
    fields: [
      ["name", "Name of the parameter"],
      ["value", "Value"],
    ],
    secret: ["value"],
  },
  basic: {
    words: "User and password",
    fields: [
      ["username", "User"],
      ["password", "Password"],
    ],
    secret: ["password"],
  },
} as const satisfies Record<string, { words: string; fields: readonly (readonly [string, string])[]; secret: readonly string[] }>;

type Kind = keyof typeof KINDS;
type Typed = Readonly<Record<string, string>>;

const secretOf = (kind: Kind, typed: Typed): Schemas["Secret"] => {
  const members = Object.fromEntries(KINDS[kind].fields.map(([name]) => [name, typed[name] ?? ""]));
  return { [kind]: members } as unknown as Schemas["Secret"];
};

export function Credentials({ upstream }: { upstream: Schemas["UpstreamView"] }): JSX.Element {
  const person = usePerson();
  const names = useNames();
  const credentials = useLoad(
    () => every((query) => ask(api.GET("/admin/credentials", { params: { query: { ...query, upstream: upstream.id } } }))),
    [upstream.id],
  );
  const [replaced, setReplaced] = useState<string>();
  const one = credentials.value?.find(({ id }) => id === replaced);
  const remove = (id: string) => async (): Promise<void> => {
    await ask(api.DELETE("/admin/credentials/{id}", { params: { path: { id } } }));
    await credentials.again();
  };
  const give = async (secret: Schemas["Secret"]): Promise<void> => {
    await ask(api.POST("/admin/credentials", { params: { header: once() }, body: { upstream: upstream.id, secret } }));
    await credentials.again();
  };
  const replace = (credential: Credential) => async (secret: Schemas["Secret"]): Promise<void> => {
    const params = { path: { id: credential.id }, header: ifStill(credential.version) };
    await ask(api.PUT("/admin/credentials/{id}", { params, body: { secret } }));
    setReplaced(undefined);
    await credentials.again();
  };
  return (
    <section aria-labelledby="credentials">
      <h3 id="credentials">Credentials</h3>
      <Shown of={credentials} what="its credentials" none="It has none: it is asked without one.">
        {(all) => (
          <Table
            caption="Credentials that it is shown"
            rows={all}
            id={({ id }) => id}
            current={({ id }) => id === replaced}
            columns={[
              { head: "Kind", cell: ({ kind }) => kind.replaceAll("_", " ") },
              { head: "For", cell: ({ user }) => (user === null ? "everybody's calls" : names(user)) },
              { head: "Shown only to", cell: ({ origin }) => <Visible text={origin} /> },
              { head: "Changed", cell: ({ updated_at }) => <When at={updated_at} /> },
              {
                head: "",
                cell: ({ id, kind }) =>
                  manages(person) ? (
                    <div class="buttons">
                      {kind in KINDS && <Action label="Replace" about={kind} run={async () => setReplaced(id)} />}
                      <Action
                        label="Delete"
                        about={kind}
                        danger
                        run={remove(id)}
                        done="The credential is deleted."
                        confirm={{
                          title: "Delete this credential?",
                          words: "The upstream is asked without it from five seconds on. It cannot be had back.",
                        }}
                      />
                    </div>
                  ) : (
                    ""
                  ),
              },
            ]}
          />
        )}
      </Shown>
      {one && (
        <section class="panel" aria-labelledby="replaced">
          <h4 id="replaced">Replace the {one.kind} credential</h4>
          <Give key={one.id} label="Replace it" kind={one.kind as Kind} give={replace(one)} />
        </section>
      )}
      {manages(person) && (
        <details class="panel">
          <summary>Give it a credential</summary>
          <Give label="Give it" give={give} />
          <p class="quiet">
            It is for everybody's calls. One of a user's own, OAuth clients, and accounts that users connect are given by
            the <a href="/docs">API</a>.
          </p>
        </details>
      )}
    </section>
  );
}

function Give({
  label,
  kind: fixed,
  give,
}: {
  label: string;
  kind?: Kind;
  give: (secret: Schemas["Secret"]) => Promise<void>;
}): JSX.Element {
  const [kind, setKind] = useState<Kind>(fixed ?? "bearer");
  const [typed, setTyped] = useState<Typed>({});
  const { fields, secret } = KINDS[kind];
  const run = async (): Promise<void> => {
    await give(secretOf(kind, typed));
    setTyped({});
  };
  return (
    <Form
      label={label}
      run={run}
      done="The upstream is shown it within five seconds."
      disabled={fields.some(([name]) => (typed[name] ?? "") === "")}
    >
      {fixed === undefined && (
        <Field label="Kind">
          {(id) => (
            <select
              id={id}
              value={kind}
              onChange={(event) => {
                setKind(event.currentTarget.value as Kind);
                setTyped({});
              }}
            >
              {Object.entries(KINDS).map(([name, { words }]) => (
                <option key={name} value={name}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {fields.map(([name, words]) => (
        <TextField
          key={name}
          label={words}
          {...((secret as readonly string[]).includes(name) && { type: "password" as const })}
          value={typed[name] ?? ""}
          set={(value) => setTyped({ ...typed, [name]: value })}
        />
      ))}
    </Form>
  );
}
