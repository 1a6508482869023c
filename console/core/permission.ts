// What a role may do, so that a person is not shown what the gateway would refuse. The gateway decides; this only hides.

export type Role = "owner" | "admin" | "developer" | "auditor" | "agent";

/** Who is signed in. */
export type Person = {
  readonly sub: string;
  readonly username: string;
  readonly tenant: string;
  readonly role: Role;
  readonly scope: string;
};

const has = (person: Person, scope: string): boolean => person.scope.split(" ").includes(scope);

/** Sees what concerns the whole tenant. */
export const reads = (person: Person): boolean =>
  has(person, "admin:read") && ["owner", "admin", "auditor"].includes(person.role);

/** Changes what concerns the whole tenant. */
export const manages = (person: Person): boolean =>
  has(person, "admin:write") && ["owner", "admin"].includes(person.role);

/** Sees what is its own at least. */
export const readsOwn = (person: Person): boolean =>
  reads(person) || (has(person, "admin:read") && person.role === "developer");

/** Changes what is its own at least. */
export const managesOwn = (person: Person): boolean =>
  manages(person) || (has(person, "admin:write") && person.role === "developer");

/** Calls tools. */
export const calls = (person: Person): boolean => has(person, "tools:call") && person.role !== "auditor";

/** The roles a person may give: only an owner makes owners. */
export const givable = (person: Person): Role[] =>
  person.role === "owner"
    ? ["owner", "admin", "developer", "auditor", "agent"]
    : ["admin", "developer", "auditor", "agent"];

/** What each role is for, in words. */
export const ROLES: Record<Role, string> = {
  owner: "Everything in the tenant, other owners included.",
  admin:
    "People, keys, upstreams, drift, policies, plans, approvals, revocations and settings. Owners are out of reach.",
  developer: "Calls its tools; has keys and credentials of its own.",
  auditor: "Reads everything, the audit trail included; changes and calls nothing.",
  agent: "Calls its tools.",
};
