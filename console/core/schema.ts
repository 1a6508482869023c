// A form made of a tool's JSON Schema, and the arguments that were typed into it. The gateway validates them; this only asks for
// them in a usable form, and takes anything it does not know as JSON.

/** How a value is asked for. */
export type Kind = "text" | "long" | "number" | "integer" | "choice" | "yes_or_no" | "list" | "json";

/** One field. Every text of it is the upstream's. */
export type Entry = {
  readonly name: string;
  readonly kind: Kind;
  readonly required: boolean;
  readonly description: string;
  readonly choices: readonly string[];
  /** The values behind `choices`, which may be numbers. */
  readonly values: readonly unknown[];
  /** What stands in the field at first: the default of what is required. */
  readonly begin: string;
  /** What holds where nothing is given; empty where that is not said. */
  readonly usual: string;
};

/** What was typed, by the names of the fields; an absent or empty text is no value. */
export type Typed = Readonly<Record<string, string>>;

/** The arguments, or what is wrong with which field. */
export type Read = { readonly value: Record<string, unknown> } | { readonly wrong: Readonly<Record<string, string>> };

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (object: Schema, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

/** How deep a reference is followed. */
const DEEP = 8;

/** What a schema refers to within its own document, and the one of its ways that is not `null`. */
function settled(schema: unknown, root: Schema, deep = 0): Schema {
  if (!isObject(schema) || deep > DEEP) return {};
  const reference = own(schema, "$ref");
  if (typeof reference === "string") {
    const name = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference);
    const defined = name && own(root, name[1] ?? "");
    return isObject(defined)
      ? { ...settled(own(defined, name?.[2] ?? ""), root, deep + 1), ...without(schema, "$ref") }
      : {};
  }
  const ways = own(schema, "anyOf") ?? own(schema, "oneOf");
  if (Array.isArray(ways)) {
    const some = ways.filter((way) => !(isObject(way) && own(way, "type") === "null"));
    if (some.length === 1)
      return { ...settled(some[0], root, deep + 1), ...without(without(schema, "anyOf"), "oneOf") };
  }
  return schema;
}

const without = (schema: Schema, name: string): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key !== name));

function typeOf(schema: Schema): string | undefined {
  const type = own(schema, "type");
  if (typeof type === "string") return type;
  const some = Array.isArray(type) ? type.filter((one) => one !== "null") : [];
  return some.length === 1 ? String(some[0]) : undefined;
}

function kindOf(schema: Schema, root: Schema): Kind {
  const choices = own(schema, "enum");
  if (Array.isArray(choices) && choices.length > 0 && choices.every((one) => one === null || typeof one !== "object"))
    return "choice";
  switch (typeOf(schema)) {
    case "string":
      return Number(own(schema, "maxLength") ?? 0) > 200 ||
        /content|body|text|query|prompt|sql/i.test(String(own(schema, "title") ?? ""))
        ? "long"
        : "text";
    case "number":
      return "number";
    case "integer":
      return "integer";
    case "boolean":
      return "yes_or_no";
    case "array":
      return typeOf(settled(own(schema, "items"), root)) === "string" ? "list" : "json";
    default:
      return "json";
  }
}

/** How a value stands in a field. */
const written = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);

/** The fields of a schema: what is required first, then as the schema has them. */
export function entries(schema: Schema): Entry[] {
  const properties = own(schema, "properties");
  if (!isObject(properties)) return [];
  const listed = own(schema, "required");
  const required = new Set(Array.isArray(listed) ? listed : []);
  const found = Object.entries(properties).map(([name, property]): Entry => {
    const one = settled(property, schema);
    const kind = kindOf(one, schema);
    const values = kind === "choice" ? (own(one, "enum") as unknown[]).filter((value) => value !== null) : [];
    // What is optional and left alone is not sent: some tools refuse an argument that does not fit the others.
    const usual = kind === "list" ? "" : written(own(one, "default") ?? undefined);
    return {
      name,
      kind,
      required: required.has(name),
      description: written(own(one, "description") ?? ""),
      choices: values.map(written),
      values,
      begin: required.has(name) ? usual : "",
      usual: required.has(name) ? "" : usual,
    };
  });
  return found.sort((a, b) => Number(b.required) - Number(a.required));
}

/** Reads what was typed. */
export function read(fields: readonly Entry[], typed: Typed): Read {
  const value: [string, unknown][] = [];
  const wrong: [string, string][] = [];
  for (const field of fields) {
    const text = own(typed, field.name);
    if (typeof text !== "string" || text === "") {
      if (!field.required) continue;
      if (field.kind !== "text" && field.kind !== "long" && field.kind !== "list") {
        wrong.push([field.name, "A value is needed."]);
        continue;
      }
    }
    const one = valueOf(field, typeof text === "string" ? text : "");
    if ("wrong" in one) wrong.push([field.name, one.wrong]);
    else value.push([field.name, one.value]);
  }
  return wrong.length > 0 ? { wrong: Object.fromEntries(wrong) } : { value: Object.fromEntries(value) };
}

function valueOf(field: Entry, text: string): { value: unknown } | { wrong: string } {
  switch (field.kind) {
    case "text":
    case "long":
      return { value: text };
    case "number":
    case "integer": {
      const number = Number(text);
      if (text.trim() === "" || !Number.isFinite(number)) return { wrong: "This is no number." };
      return field.kind === "integer" && !Number.isSafeInteger(number)
        ? { wrong: "This is no whole number." }
        : { value: number };
    }
    case "yes_or_no":
      return { value: text === "true" };
    case "choice": {
      const at = field.choices.indexOf(text);
      return at < 0 ? { wrong: "Choose one." } : { value: field.values[at] };
    }
    case "list":
      return { value: text.split("\n").filter((one) => one !== "") };
    case "json":
      return json(text);
  }
}

/** A JSON text. */
export function json(text: string): { value: unknown } | { wrong: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { wrong: `This is no JSON: ${error instanceof Error ? error.message : "it cannot be read"}` };
  }
}

/** A JSON object. */
export function object(text: string): { value: Record<string, unknown> } | { wrong: string } {
  const read = json(text.trim() === "" ? "{}" : text);
  if ("wrong" in read) return read;
  return isObject(read.value) ? { value: { ...read.value } } : { wrong: "This is no JSON object." };
}
