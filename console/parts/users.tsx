// The users of the tenant: by name where a record has an id, and to choose from.
import type { JSX } from "preact";
import { reads } from "../core/permission.ts";
import { type Schemas, api, ask, every } from "../gateway/api.ts";
import { Field } from "./field.tsx";
import { type Loaded, useLoad } from "./loading.ts";
import { usePerson } from "./person.ts";

/** All users of the tenant; none for who does not see them. */
export function useUsers(): Loaded<Schemas["UserView"][]> {
  const person = usePerson();
  const load = async (): Promise<Schemas["UserView"][]> =>
    reads(person) ? every((query) => ask(api.GET("/admin/users", { params: { query } }))) : [];
  return useLoad(load, [person.sub]);
}

/** What a user's id is called, as far as that is known. */
export function useNames(): (id: string | null | undefined) => string {
  const person = usePerson();
  const users = useUsers();
  const names = new Map([
    [person.sub, person.username],
    ...(users.value ?? []).map((user) => [user.id, user.username] as const),
  ]);
  return (id) => (id === null || id === undefined ? "" : (names.get(id) ?? id));
}

/** A list of the users to choose one from. */
export function ChooseUser({
  label,
  of,
  value,
  choose,
  nobody,
}: {
  label: string;
  of: Loaded<Schemas["UserView"][]>;
  value: string;
  choose: (id: string) => void;
  /** The words for no user, where that is a choice. */
  nobody?: string;
}): JSX.Element {
  const person = usePerson();
  const others = (of.value ?? []).filter(({ id }) => id !== person.sub);
  return (
    <Field label={label} hint={of.failed?.message}>
      {(id, hint) => (
        <select id={id} aria-describedby={hint} value={value} onChange={(event) => choose(event.currentTarget.value)}>
          {nobody !== undefined && <option value="">{nobody}</option>}
          <option value={person.sub}>{person.username} (you)</option>
          {others.map((user) => (
            <option key={user.id} value={user.id}>
              {user.username} ({user.role})
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
