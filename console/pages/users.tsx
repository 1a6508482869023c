// The people and service accounts of the tenant.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Role, ROLES, givable, manages } from "../core/permission.ts";
import { to } from "../core/place.ts";
import { listed } from "../core/text.ts";
import { type Schemas, api, ask, ifStill, once } from "../gateway/api.ts";
import { Action, Form } from "../parts/action.tsx";
import { Field, TextField } from "../parts/field.tsx";
import { useList } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Secret } from "../parts/secret.tsx";
import { More, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { Tag, Visible, When } from "../parts/visible.tsx";

type User = Schemas["UserView"];
type Made = { readonly what: string; readonly code: Schemas["MadeCode"] };

export function Users(): JSX.Element {
  const person = usePerson();
  const users = useList(
    (cursor) =>
      ask(api.GET("/admin/users", { params: { query: { limit: 100, ...(cursor !== undefined && { cursor }) } } })),
    [],
  );
  const [made, setMade] = useState<Made>();
  /** Nobody changes its own user, and only an owner reaches owners. */
  const may = (user: User): boolean =>
    manages(person) && user.id !== person.sub && (user.role !== "owner" || person.role === "owner");
  const reset = (user: User) => async (): Promise<void> => {
    const params = { path: { id: user.id }, header: once() };
    setMade({ what: `A code for ${user.username}`, code: await ask(api.POST("/admin/users/{id}/reset", { params })) });
  };
  return (
    <>
      {made && (
        <Secret
          what={made.what}
          secret={made.code.code}
          note={`It is typed at ${made.code.place}.`}
          close={() => setMade(undefined)}
        />
      )}
      {manages(person) && <Invite made={setMade} />}
      {manages(person) && <AddService done={users.again} />}
      <Shown of={users} what="the users" none="There is nobody.">
        {(all) => (
          <Table
            caption="Users"
            rows={all}
            id={({ id }) => id}
            columns={[
              { head: "Name", cell: ({ username }) => <Visible text={username} /> },
              { head: "Kind", cell: ({ kind }) => kind },
              {
                head: "Role",
                cell: (user) => (may(user) ? <ChangeRole user={user} again={users.again} /> : user.role),
              },
              {
                head: "Groups",
                cell: ({ groups }) => (groups.length === 0 ? "–" : <Visible text={groups.join(", ")} />),
              },
              {
                head: "Second factor",
                cell: ({ kind, second_factor }) =>
                  kind === "service" ? "–" : second_factor ? "on" : <span class="quiet">off</span>,
              },
              {
                head: "Standing",
                cell: ({ disabled_at }) =>
                  disabled_at === null ? (
                    <Tag is="good">enabled</Tag>
                  ) : (
                    <>
                      <Tag is="bad">disabled</Tag> <When at={disabled_at} />
                    </>
                  ),
              },
              {
                head: "",
                cell: (user) => <Deeds user={user} may={may(user)} reset={reset(user)} again={users.again} />,
              },
            ]}
          />
        )}
      </Shown>
      <More of={users} />
    </>
  );
}

function change(user: User, body: Schemas["UserChange"] | Record<string, unknown>): Promise<unknown> {
  const params = { path: { id: user.id }, header: ifStill(user.version) };
  return ask(api.PATCH("/admin/users/{id}", { params, body: body as Schemas["UserChange"] }));
}

function ChangeRole({ user, again }: { user: User; again: () => Promise<void> }): JSX.Element {
  const person = usePerson();
  const [role, setRole] = useState<Role>(user.role);
  const run = async (): Promise<void> => {
    await change(user, { role });
    await again();
  };
  return (
    <span class="pick">
      <select
        aria-label={`Role of ${user.username}`}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
      >
        {givable(person).map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      {role !== user.role && (
        <Action
          label="Give it"
          about={`the role ${role} to ${user.username}`}
          primary
          run={run}
          done={`${user.username} is ${role} within five seconds.`}
          confirm={{ title: `Make ${user.username} ${role}?`, words: ROLES[role] }}
        />
      )}
    </span>
  );
}

function Deeds({
  user,
  may,
  reset,
  again,
}: {
  user: User;
  may: boolean;
  reset: () => Promise<void>;
  again: () => Promise<void>;
}): JSX.Element {
  const set = (disabled: boolean) => async (): Promise<void> => {
    await change(user, { disabled });
    await again();
  };
  const remove = async (): Promise<void> => {
    await ask(api.DELETE("/admin/users/{id}", { params: { path: { id: user.id } } }));
    await again();
  };
  return (
    <div class="buttons">
      {may && user.disabled_at === null && (
        <Action
          label="Disable"
          about={user.username}
          danger
          run={set(true)}
          done={`${user.username} is disabled.`}
          confirm={{
            title: `Disable ${user.username}?`,
            words: "Everything it has open ends within a second, and it is let in no more until it is enabled.",
          }}
        />
      )}
      {may && user.disabled_at !== null && (
        <Action label="Enable" about={user.username} run={set(false)} done={`${user.username} is enabled.`} />
      )}
      {may && user.kind === "person" && (
        <Action
          label="Reset"
          about={user.username}
          run={reset}
          confirm={{
            title: `Make a reset code for ${user.username}?`,
            words: "Whoever has the code sets a new password and turns the second factor off. Hand it over yourself.",
          }}
        />
      )}
      {may && (
        <Action
          label="Delete"
          about={user.username}
          danger
          run={remove}
          done={`${user.username} is deleted.`}
          confirm={{
            title: `Delete ${user.username}?`,
            words: "With it go its keys and credentials. This cannot be undone.",
            typed: user.username,
          }}
        />
      )}
      <a href={to("audit", undefined, { user: user.id })}>Records</a>
    </div>
  );
}

function Invite({ made }: { made: (made: Made) => void }): JSX.Element {
  const person = usePerson();
  const [role, setRole] = useState<Role>("developer");
  const invite = async (): Promise<void> => {
    made({
      what: `An invitation as ${role}`,
      code: await ask(api.POST("/admin/invitations", { params: { header: once() }, body: { role } })),
    });
  };
  return (
    <details class="panel">
      <summary>Invite somebody</summary>
      <Form label="Make a code" run={invite}>
        <Field label="Role" hint={ROLES[role]}>
          {(id, hint) => (
            <select
              id={id}
              aria-describedby={hint}
              value={role}
              onChange={(event) => setRole(event.currentTarget.value as Role)}
            >
              {givable(person).map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          )}
        </Field>
      </Form>
    </details>
  );
}

function AddService({ done }: { done: () => Promise<void> }): JSX.Element {
  const [username, setUsername] = useState("");
  const [groups, setGroups] = useState("");
  const add = async (): Promise<void> => {
    await ask(api.POST("/admin/users", { params: { header: once() }, body: { username, groups: listed(groups) } }));
    setUsername("");
    await done();
  };
  return (
    <details class="panel">
      <summary>Make a service account</summary>
      <Form label="Make it" run={add} done="It is made. Make a key for it next." disabled={username === ""}>
        <TextField
          label="Name"
          hint="1 to 64 of a-z 0-9 . _ @ + -, unique in the gateway. It has no password, and the role agent."
          value={username}
          set={setUsername}
        />
        <TextField
          label="Groups (optional)"
          hint="With commas between them; policies may mean them."
          value={groups}
          set={setGroups}
        />
      </Form>
    </details>
  );
}
