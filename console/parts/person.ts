// Who is signed in, for whatever is shown to them.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Person, reads } from "../core/permission.ts";
import { api, ask, every } from "../gateway/api.ts";
import { useLoad } from "./loading.ts";

const NOBODY: Person = { sub: "", username: "", tenant: "", role: "agent", scope: "" };

export const PersonContext = createContext<Person>(NOBODY);

/** The person who is signed in. */
export const usePerson = (): Person => useContext(PersonContext);

/** What a user's id is called, as far as that is known: ids are what the records hold. */
export function useNames(): (id: string | null | undefined) => string {
  const person = usePerson();
  const load = async (): Promise<Map<string, string>> => {
    if (!reads(person)) return new Map([[person.sub, person.username]]);
    const users = await every((query) => ask(api.GET("/admin/users", { params: { query } })));
    return new Map(users.map((user) => [user.id, user.username]));
  };
  const names = useLoad(load, [person.sub]);
  return (id) => (id === null || id === undefined ? "" : (names.value?.get(id) ?? id));
}
