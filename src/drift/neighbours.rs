//! What else there is in a tenant: the names that a tool must not look like, and must not give orders about.

/// Names of tools that a tenant has of other upstreams, and the gateway's own.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    others: Vec<String>,
}

impl Neighbours {
    /// The own names of the tools of every other upstream of the tenant, as those call them.
    pub fn new(others: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { others: others.into_iter().map(Into::into).collect() }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.others.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }
}
