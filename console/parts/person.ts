// Who is signed in, for whatever is shown to them.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Person } from "../core/permission.ts";

const NOBODY: Person = { sub: "", username: "", tenant: "", role: "agent", scope: "" };

export const PersonContext = createContext<Person>(NOBODY);

/** The person who is signed in. */
export const usePerson = (): Person => useContext(PersonContext);
