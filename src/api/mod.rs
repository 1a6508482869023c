//! The REST contract: routes, bodies, problem documents, and the OpenAPI document made of them.
