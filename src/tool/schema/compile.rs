//! From a schema document to rules.

use super::{MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, Node, Properties, Rule, Schema, SchemaError};
use plain::{any_value, count, numbers, pattern, percent_decoded, strings, texts};
use serde_json::{Map, Value};
use std::collections::HashMap;

mod plain;

/// The dialects that are understood, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dialect {
    /// Draft-06 and draft-07: what both share.
    Seven,
    Draft2019,
    Draft2020,
}

struct Compiler<'s> {
    document: &'s Value,
    base: Option<url::Url>,
    dialect: Dialect,
    nodes: Vec<Node>,
    places: HashMap<String, usize>,
    anchors: HashMap<String, usize>,
    /// References still to be resolved: the node that stands for the target, the reference, where it stands.
    pending: Vec<(usize, String, String)>,
    follows_evaluation: bool,
}

/// Compiles a whole document.
pub(super) fn compile(document: &Value) -> Result<Schema, SchemaError> {
    compile_with_places(document).map(|(schema, _)| schema)
}

/// Compiles a whole document, and says which node stands for the subschema at which JSON pointer.
pub(super) fn compile_with_places(document: &Value) -> Result<(Schema, HashMap<String, usize>), SchemaError> {
    if !fits_depth(document, MAX_SCHEMA_DEPTH) {
        return Err(SchemaError::TooDeep);
    }
    if document.to_string().len() > MAX_SCHEMA_BYTES {
        return Err(SchemaError::TooLarge);
    }
    let mut compiler = Compiler {
        document,
        base: document.get("$id").and_then(Value::as_str).and_then(|id| url::Url::parse(id).ok()),
        dialect: dialect(document)?,
        nodes: Vec::new(),
        places: HashMap::new(),
        anchors: HashMap::new(),
        pending: Vec::new(),
        follows_evaluation: false,
    };
    let root = compiler.place("", document)?;
    while let Some((node, reference, at)) = compiler.pending.pop() {
        let target = compiler.resolve(&reference, &at)?;
        compiler.settle(node, Node::Rules(vec![Rule::Reference(target)]));
    }
    let schema = Schema { nodes: compiler.nodes, root, follows_evaluation: compiler.follows_evaluation };
    Ok((schema, compiler.places))
}

fn dialect(document: &Value) -> Result<Dialect, SchemaError> {
    let Some(name) = document.get("$schema") else {
        return Ok(Dialect::Draft2020);
    };
    match name.as_str().map(|name| name.trim_end_matches('#')) {
        Some("https://json-schema.org/draft/2020-12/schema") => Ok(Dialect::Draft2020),
        Some("https://json-schema.org/draft/2019-09/schema") => Ok(Dialect::Draft2019),
        Some(
            "http://json-schema.org/draft-07/schema"
            | "https://json-schema.org/draft-07/schema"
            | "http://json-schema.org/draft-06/schema",
        ) => Ok(Dialect::Seven),
        _ => Err(SchemaError::UnknownDialect),
    }
}

fn fits_depth(value: &Value, levels_left: usize) -> bool {
    match value {
        Value::Array(items) => levels_left > 0 && items.iter().all(|item| fits_depth(item, levels_left - 1)),
        Value::Object(members) => levels_left > 0 && members.values().all(|member| fits_depth(member, levels_left - 1)),
        _ => true,
    }
}

fn cut(at: &str) -> String {
    at.chars().take(128).collect()
}

fn malformed(at: &str, keyword: &str) -> SchemaError {
    SchemaError::Malformed { at: cut(&below(at, keyword)) }
}

fn unsupported(at: &str, keyword: &str) -> SchemaError {
    SchemaError::Unsupported { at: cut(&below(at, keyword)) }
}

/// The pointer of a member (RFC 6901).
pub(super) fn below(at: &str, member: &str) -> String {
    format!("{at}/{}", member.replace('~', "~0").replace('/', "~1"))
}

type Keywords = Map<String, Value>;

impl<'s> Compiler<'s> {
    fn settle(&mut self, node: usize, content: Node) {
        if let Some(slot) = self.nodes.get_mut(node) {
            *slot = content;
        }
    }

    fn allocate(&mut self) -> usize {
        self.nodes.push(Node::Always);
        self.nodes.len() - 1
    }

    /// The node of the subschema at a pointer, compiled when it is met first.
    fn place(&mut self, at: &str, schema: &'s Value) -> Result<usize, SchemaError> {
        if let Some(node) = self.places.get(at) {
            return Ok(*node);
        }
        let node = self.allocate();
        self.places.insert(at.to_owned(), node);
        let content = match schema {
            Value::Bool(true) => Node::Always,
            Value::Bool(false) => Node::Never,
            Value::Object(keywords) => Node::Rules(self.rules(at, keywords, node)?),
            _ => return Err(SchemaError::Malformed { at: cut(at) }),
        };
        self.settle(node, content);
        Ok(node)
    }

    fn resolve(&mut self, reference: &str, at: &str) -> Result<usize, SchemaError> {
        let fragment = self.fragment(reference).ok_or_else(|| SchemaError::RemoteReference { at: cut(at) })?;
        let dangling = || SchemaError::DanglingReference { at: cut(at) };
        let fragment = percent_decoded(&fragment).ok_or_else(dangling)?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchors.get(&fragment).copied().ok_or_else(dangling);
        }
        let schema = self.document.pointer(&fragment).ok_or_else(dangling)?;
        self.place(&fragment, schema)
    }

    /// The fragment of a reference into this document, `None` for one that leaves it.
    fn fragment(&self, reference: &str) -> Option<String> {
        if reference.is_empty() {
            return Some(String::new());
        }
        if let Some(fragment) = reference.strip_prefix('#') {
            return Some(fragment.to_owned());
        }
        let base = self.base.as_ref()?;
        let mut target = base.join(reference).ok()?;
        let fragment = target.fragment().unwrap_or_default().to_owned();
        let mut base = base.clone();
        base.set_fragment(None);
        target.set_fragment(None);
        (base == target).then_some(fragment)
    }

    fn rules(&mut self, at: &str, keywords: &'s Keywords, node: usize) -> Result<Vec<Rule>, SchemaError> {
        let mut rules = Vec::new();
        self.references(at, keywords, &mut rules)?;
        if self.dialect == Dialect::Seven && keywords.contains_key("$ref") {
            return Ok(rules);
        }
        self.identify(at, keywords, node)?;
        any_value(at, keywords, &mut rules)?;
        numbers(at, keywords, &mut rules)?;
        strings(at, keywords, &mut rules)?;
        self.arrays(at, keywords, &mut rules)?;
        self.objects(at, keywords, &mut rules)?;
        self.dependencies(at, keywords, &mut rules)?;
        self.logic(at, keywords, &mut rules)?;
        self.unevaluated(at, keywords, &mut rules)?;
        Ok(rules)
    }

    /// `$ref` and its relatives. With one resource in the document the dynamic forms resolve as the static one does
    /// (JSON Schema Core, section 8.2.3.2), and schemas with more resources are refused by [`Self::identify`].
    fn references(&mut self, at: &str, keywords: &'s Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let Some(reference) = keywords.get(keyword) else { continue };
            let reference = reference.as_str().ok_or_else(|| malformed(at, keyword))?;
            let target = self.allocate();
            self.pending.push((target, reference.to_owned(), below(at, keyword)));
            rules.push(Rule::Reference(target));
        }
        Ok(())
    }

    fn identify(&mut self, at: &str, keywords: &'s Keywords, node: usize) -> Result<(), SchemaError> {
        if !at.is_empty() {
            for keyword in ["$id", "$schema"] {
                if keywords.contains_key(keyword) && keywords.get(keyword) != self.document.get(keyword) {
                    return Err(unsupported(at, keyword));
                }
            }
        }
        if keywords.contains_key("$vocabulary") {
            return Err(unsupported(at, "$vocabulary"));
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            let Some(name) = keywords.get(keyword) else { continue };
            let name = name.as_str().ok_or_else(|| malformed(at, keyword))?;
            if self.anchors.insert(name.to_owned(), node).is_some_and(|earlier| earlier != node) {
                return Err(malformed(at, keyword));
            }
        }
        for keyword in ["$defs", "definitions"] {
            self.members(at, keywords, keyword)?;
        }
        Ok(())
    }

    fn child(&mut self, at: &str, keywords: &'s Keywords, keyword: &str) -> Result<Option<usize>, SchemaError> {
        keywords.get(keyword).map(|schema| self.place(&below(at, keyword), schema)).transpose()
    }

    fn children(&mut self, at: &str, keywords: &'s Keywords, keyword: &str) -> Result<Option<Vec<usize>>, SchemaError> {
        let Some(schemas) = keywords.get(keyword) else { return Ok(None) };
        let schemas = schemas.as_array().filter(|schemas| !schemas.is_empty()).ok_or_else(|| malformed(at, keyword))?;
        let at = below(at, keyword);
        schemas
            .iter()
            .enumerate()
            .map(|(index, schema)| self.place(&format!("{at}/{index}"), schema))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn members(
        &mut self,
        at: &str,
        keywords: &'s Keywords,
        keyword: &str,
    ) -> Result<Vec<(String, usize)>, SchemaError> {
        let Some(schemas) = keywords.get(keyword) else { return Ok(Vec::new()) };
        let schemas = schemas.as_object().ok_or_else(|| malformed(at, keyword))?;
        let at = below(at, keyword);
        schemas
            .iter()
            .map(|(name, schema)| self.place(&below(&at, name), schema).map(|node| (name.clone(), node)))
            .collect()
    }

    fn arrays(&mut self, at: &str, keywords: &'s Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
        rules.extend(count(at, keywords, "minItems")?.map(Rule::MinItems));
        rules.extend(count(at, keywords, "maxItems")?.map(Rule::MaxItems));
        match keywords.get("uniqueItems") {
            None | Some(Value::Bool(false)) => {}
            Some(Value::Bool(true)) => rules.push(Rule::UniqueItems),
            Some(_) => return Err(malformed(at, "uniqueItems")),
        }
        let (prefix, rest) = if self.dialect == Dialect::Draft2020 {
            (self.children(at, keywords, "prefixItems")?, self.child(at, keywords, "items")?)
        } else if keywords.get("items").is_some_and(Value::is_array) {
            (self.children(at, keywords, "items")?, self.child(at, keywords, "additionalItems")?)
        } else {
            (None, self.child(at, keywords, "items")?)
        };
        if prefix.is_some() || rest.is_some() {
            rules.push(Rule::Items { prefix: prefix.unwrap_or_default(), rest });
        }
        if let Some(node) = self.child(at, keywords, "contains")? {
            let counted = self.dialect > Dialect::Seven;
            let min = if counted { count(at, keywords, "minContains")? } else { None };
            let max = if counted { count(at, keywords, "maxContains")? } else { None };
            rules.push(Rule::Contains { node, min: min.unwrap_or(1), max });
        }
        Ok(())
    }

    fn objects(&mut self, at: &str, keywords: &'s Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
        rules.extend(count(at, keywords, "minProperties")?.map(Rule::MinProperties));
        rules.extend(count(at, keywords, "maxProperties")?.map(Rule::MaxProperties));
        if let Some(names) = keywords.get("required") {
            rules.push(Rule::Required(texts(names).ok_or_else(|| malformed(at, "required"))?));
        }
        rules.extend(self.child(at, keywords, "propertyNames")?.map(Rule::PropertyNames));
        let mut matching = Vec::new();
        for (text, node) in self.members(at, keywords, "patternProperties")? {
            matching.push((pattern(at, "patternProperties", &text)?, node));
        }
        let named: HashMap<_, _> = self.members(at, keywords, "properties")?.into_iter().collect();
        let additional = self.child(at, keywords, "additionalProperties")?;
        if !named.is_empty() || !matching.is_empty() || additional.is_some() {
            rules.push(Rule::Properties(Box::new(Properties { named, matching, additional })));
        }
        Ok(())
    }

    fn dependencies(&mut self, at: &str, keywords: &'s Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
        let mut required = Vec::new();
        let mut schemas = Vec::new();
        if self.dialect > Dialect::Seven {
            schemas = self.members(at, keywords, "dependentSchemas")?;
        }
        let old = self.dialect < Dialect::Draft2020;
        let new = self.dialect > Dialect::Seven;
        for (keyword, known) in [("dependentRequired", new), ("dependencies", old)] {
            let Some(members) = keywords.get(keyword).filter(|_| known) else { continue };
            for (name, member) in members.as_object().ok_or_else(|| malformed(at, keyword))? {
                match texts(member) {
                    Some(names) => required.push((name.clone(), names)),
                    None if keyword == "dependencies" => {
                        let node = self.place(&below(&below(at, keyword), name), member)?;
                        schemas.push((name.clone(), node));
                    }
                    None => return Err(malformed(at, keyword)),
                }
            }
        }
        rules.extend((!required.is_empty()).then_some(Rule::DependentRequired(required)));
        rules.extend((!schemas.is_empty()).then_some(Rule::DependentSchemas(schemas)));
        Ok(())
    }

    fn logic(&mut self, at: &str, keywords: &'s Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
        rules.extend(self.children(at, keywords, "allOf")?.map(Rule::AllOf));
        rules.extend(self.children(at, keywords, "anyOf")?.map(Rule::AnyOf));
        rules.extend(self.children(at, keywords, "oneOf")?.map(Rule::OneOf));
        rules.extend(self.child(at, keywords, "not")?.map(Rule::Not));
        let test = self.child(at, keywords, "if")?;
        let then = self.child(at, keywords, "then")?;
        let otherwise = self.child(at, keywords, "else")?;
        rules.extend(test.map(|test| Rule::If { test, then, otherwise }));
        Ok(())
    }

    fn unevaluated(&mut self, at: &str, keywords: &'s Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
        if self.dialect == Dialect::Seven {
            return Ok(());
        }
        if let Some(node) = self.child(at, keywords, "unevaluatedItems")? {
            if self.dialect == Dialect::Draft2019 {
                // There `contains` does not evaluate an item; here it does.
                return Err(unsupported(at, "unevaluatedItems"));
            }
            self.follows_evaluation = true;
            rules.push(Rule::UnevaluatedItems(node));
        }
        if let Some(node) = self.child(at, keywords, "unevaluatedProperties")? {
            self.follows_evaluation = true;
            rules.push(Rule::UnevaluatedProperties(node));
        }
        Ok(())
    }
}
