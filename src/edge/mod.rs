//! The Workers runtime: the only room that names it.
