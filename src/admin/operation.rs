//! Every operation of an administrator, once.

use super::whom::Whom;
use crate::tool::ADMIN_PREFIX;
use Operation as Op;

/// The method of an operation's route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `GET`
    Read,
    /// `POST`
    Make,
    /// `PUT`
    Replace,
    /// `PATCH`
    Change,
    /// `DELETE`
    Remove,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The tenants there are, or the own one.
    ListTenants,
    /// Makes a tenant, with a code for its first owner.
    CreateTenant,
    /// One tenant.
    ReadTenant,
    /// Changes a tenant's settings; the operator suspends it.
    UpdateTenant,
    /// Deletes a tenant with all it owns.
    DeleteTenant,
    /// People and service accounts.
    ListUsers,
    /// Makes a service account.
    CreateUser,
    /// One user.
    ReadUser,
    /// Changes a user's role, groups or plan, disables or enables it.
    UpdateUser,
    /// Deletes a user with its keys.
    DeleteUser,
    /// Makes a code by which somebody joins.
    InviteUser,
    /// Makes a code by which somebody sets a new password.
    ResetUser,
    /// API keys.
    ListKeys,
    /// Makes an API key, which is shown this once.
    CreateKey,
    /// One API key.
    ReadKey,
    /// Changes what an API key may do.
    UpdateKey,
    /// Makes a key that replaces another, which goes on for a while.
    RotateKey,
    /// Revokes an API key.
    RevokeKey,
    /// Policies.
    ListPolicies,
    /// Makes a policy.
    CreatePolicy,
    /// One policy.
    ReadPolicy,
    /// Replaces a policy.
    ReplacePolicy,
    /// Deletes a policy.
    DeletePolicy,
    /// Explains what policies would say of a call, without making it.
    ExplainPolicies,
    /// Plans.
    ListPlans,
    /// Makes a plan.
    CreatePlan,
    /// One plan.
    ReadPlan,
    /// Replaces a plan.
    ReplacePlan,
    /// Deletes a plan.
    DeletePlan,
    /// Upstreams.
    ListUpstreams,
    /// Makes an upstream.
    CreateUpstream,
    /// Makes an upstream of an OpenAPI document.
    ImportUpstream,
    /// One upstream.
    ReadUpstream,
    /// Changes an upstream's name, address or description, disables or enables it.
    UpdateUpstream,
    /// Deletes an upstream with its credentials.
    DeleteUpstream,
    /// Asks an upstream what it offers.
    TestUpstream,
    /// Asks an upstream what it offers, and holds it to what was approved.
    ScanUpstream,
    /// What happens to changes of what an upstream offers.
    ReadReaction,
    /// Says what happens to them.
    ReplaceReaction,
    /// What is pinned of upstreams.
    ListPins,
    /// One thing with its versions and its history.
    ReadPin,
    /// What is between two versions of a thing.
    ComparePin,
    /// Approves or refuses a version of a thing.
    DecidePin,
    /// Approves versions of many things.
    ApprovePins,
    /// Where a tenant is told what it should know.
    ListWebhooks,
    /// Makes a webhook, whose secret is shown this once.
    CreateWebhook,
    /// One webhook with its latest messages.
    ReadWebhook,
    /// Deletes a webhook with its messages.
    DeleteWebhook,
    /// Sends a message that says nothing.
    TestWebhook,
    /// Credentials towards upstreams.
    ListCredentials,
    /// Makes a credential.
    CreateCredential,
    /// What may be shown of a credential.
    ReadCredential,
    /// Replaces what a credential is.
    ReplaceCredential,
    /// Deletes a credential.
    DeleteCredential,
    /// Seals what a tenant has stored with the current key.
    ResealTenant,
    /// What was revoked.
    ListRevocations,
    /// Revokes tokens, sessions, users, keys, clients, the tenant's all, or what was opened before a moment.
    Revoke,
    /// Calls that wait for a person, or waited.
    ListApprovals,
    /// One of them.
    ReadApproval,
    /// Approves or refuses one of them.
    DecideApproval,
    /// What happened minute by minute.
    ReadActivity,
    /// Which label random values carried since when.
    ReadEntropy,
    /// Records of the audit trail.
    QueryAudit,
    /// The audit trail as lines of JSON.
    ExportAudit,
    /// Whether the audit trail is whole.
    VerifyAudit,
    /// Where the audit trail ends, signed.
    ReadAuditHead,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What it does.
    pub operation: Operation,
    /// Its name: `{verb}_{thing}`, unique.
    pub name: &'static str,
    /// The method of its route.
    pub verb: Verb,
    /// The path of its route.
    pub path: &'static str,
    /// Who may use it.
    pub whom: Whom,
    /// One line for whoever chooses among them.
    pub summary: &'static str,
}

const fn spec(
    operation: Operation,
    name: &'static str,
    verb: Verb,
    path: &'static str,
    whom: Whom,
    summary: &'static str,
) -> Spec {
    Spec { operation, name, verb, path, whom, summary }
}

/// The table.
#[rustfmt::skip]
pub const OPERATIONS: [Spec; 66] = [
    spec(Op::ListTenants, "list_tenants", Verb::Read, "/admin/tenants", Whom::Readers, "List the tenants: every one for the operator, the own one for everybody else"),
    spec(Op::CreateTenant, "create_tenant", Verb::Make, "/admin/tenants", Whom::Operator, "Make a tenant, with a code by which its first owner joins"),
    spec(Op::ReadTenant, "read_tenant", Verb::Read, "/admin/tenants/{id}", Whom::Readers, "Read a tenant's settings"),
    spec(Op::UpdateTenant, "update_tenant", Verb::Change, "/admin/tenants/{id}", Whom::Managers, "Change a tenant's settings; the operator suspends and resumes it"),
    spec(Op::DeleteTenant, "delete_tenant", Verb::Remove, "/admin/tenants/{id}", Whom::Owners, "Delete a tenant with all it owns"),
    spec(Op::ListUsers, "list_users", Verb::Read, "/admin/users", Whom::ReadersOrOwn, "List people and service accounts"),
    spec(Op::CreateUser, "create_user", Verb::Make, "/admin/users", Whom::Managers, "Make a service account, which has no password and is used by its keys"),
    spec(Op::ReadUser, "read_user", Verb::Read, "/admin/users/{id}", Whom::ReadersOrOwn, "Read a user"),
    spec(Op::UpdateUser, "update_user", Verb::Change, "/admin/users/{id}", Whom::Managers, "Change another user's role, groups or plan; disable or enable it"),
    spec(Op::DeleteUser, "delete_user", Verb::Remove, "/admin/users/{id}", Whom::Managers, "Delete another user with its keys"),
    spec(Op::InviteUser, "invite_user", Verb::Make, "/admin/invitations", Whom::Managers, "Make a one-time code by which a person joins with a role"),
    spec(Op::ResetUser, "reset_user", Verb::Make, "/admin/users/{id}/reset", Whom::Managers, "Make a one-time code by which another person sets a new password"),
    spec(Op::ListKeys, "list_keys", Verb::Read, "/admin/keys", Whom::ReadersOrOwn, "List API keys"),
    spec(Op::CreateKey, "create_key", Verb::Make, "/admin/keys", Whom::ManagersOrOwn, "Make an API key; it is shown this once"),
    spec(Op::ReadKey, "read_key", Verb::Read, "/admin/keys/{id}", Whom::ReadersOrOwn, "Read what is known of an API key"),
    spec(Op::UpdateKey, "update_key", Verb::Change, "/admin/keys/{id}", Whom::ManagersOrOwn, "Change an API key's name, limits or end"),
    spec(Op::RotateKey, "rotate_key", Verb::Make, "/admin/keys/{id}/rotate", Whom::ManagersOrOwn, "Make a key in place of another, which goes on for a while"),
    spec(Op::RevokeKey, "revoke_key", Verb::Remove, "/admin/keys/{id}", Whom::ManagersOrOwn, "Revoke an API key"),
    spec(Op::ListPolicies, "list_policies", Verb::Read, "/admin/policies", Whom::Readers, "List policies"),
    spec(Op::CreatePolicy, "create_policy", Verb::Make, "/admin/policies", Whom::Managers, "Make a policy"),
    spec(Op::ReadPolicy, "read_policy", Verb::Read, "/admin/policies/{id}", Whom::Readers, "Read a policy"),
    spec(Op::ReplacePolicy, "replace_policy", Verb::Replace, "/admin/policies/{id}", Whom::Managers, "Replace a policy"),
    spec(Op::DeletePolicy, "delete_policy", Verb::Remove, "/admin/policies/{id}", Whom::Managers, "Delete a policy"),
    spec(Op::ExplainPolicies, "explain_policies", Verb::Make, "/admin/policies/explain", Whom::Readers, "Explain what the policies say of a call, without making it"),
    spec(Op::ListPlans, "list_plans", Verb::Read, "/admin/plans", Whom::Readers, "List plans"),
    spec(Op::CreatePlan, "create_plan", Verb::Make, "/admin/plans", Whom::Managers, "Make a plan: limits and quotas to be given to tenants, users and keys"),
    spec(Op::ReadPlan, "read_plan", Verb::Read, "/admin/plans/{id}", Whom::Readers, "Read a plan"),
    spec(Op::ReplacePlan, "replace_plan", Verb::Replace, "/admin/plans/{id}", Whom::Managers, "Replace a plan"),
    spec(Op::DeletePlan, "delete_plan", Verb::Remove, "/admin/plans/{id}", Whom::Managers, "Delete a plan that nothing uses"),
    spec(Op::ListUpstreams, "list_upstreams", Verb::Read, "/admin/upstreams", Whom::Readers, "List the tool servers behind the gateway"),
    spec(Op::CreateUpstream, "create_upstream", Verb::Make, "/admin/upstreams", Whom::Managers, "Put a tool server behind the gateway, or files or a database of the team"),
    spec(Op::ImportUpstream, "import_upstream", Verb::Make, "/admin/upstreams/import", Whom::Managers, "Put an HTTP API behind the gateway: each operation of its OpenAPI document becomes a tool"),
    spec(Op::ReadUpstream, "read_upstream", Verb::Read, "/admin/upstreams/{id}", Whom::Readers, "Read an upstream"),
    spec(Op::UpdateUpstream, "update_upstream", Verb::Change, "/admin/upstreams/{id}", Whom::Managers, "Change an upstream's name, address or description; disable or enable it"),
    spec(Op::DeleteUpstream, "delete_upstream", Verb::Remove, "/admin/upstreams/{id}", Whom::Managers, "Delete an upstream with its credentials"),
    spec(Op::TestUpstream, "test_upstream", Verb::Make, "/admin/upstreams/{id}/test", Whom::Managers, "Ask an upstream now what it offers"),
    spec(Op::ScanUpstream, "scan_upstream", Verb::Make, "/admin/upstreams/{id}/scan", Whom::Managers, "Ask an upstream now what it offers, and hold it to what was approved: what changed is accepted or quarantined"),
    spec(Op::ReadReaction, "read_reaction", Verb::Read, "/admin/upstreams/{id}/reaction", Whom::Readers, "Read what happens to changes of what an upstream offers"),
    spec(Op::ReplaceReaction, "replace_reaction", Verb::Replace, "/admin/upstreams/{id}/reaction", Whom::Managers, "Say what happens to changes of what an upstream offers"),
    spec(Op::ListPins, "list_pins", Verb::Read, "/admin/pins", Whom::Readers, "List what upstreams offer and how each thing stands: approved, held, quarantined or refused"),
    spec(Op::ReadPin, "read_pin", Verb::Read, "/admin/pins/{id}", Whom::Readers, "Read a thing that an upstream offers, with what changed, every version and its history"),
    spec(Op::ComparePin, "compare_pin", Verb::Read, "/admin/pins/{id}/compare", Whom::Readers, "Compare two versions of a thing that an upstream offers"),
    spec(Op::DecidePin, "decide_pin", Verb::Make, "/admin/pins/{id}", Whom::Managers, "Approve or refuse a version of a thing that an upstream offers, or go back to one that was seen before"),
    spec(Op::ApprovePins, "approve_pins", Verb::Make, "/admin/pins/approve", Whom::Managers, "Approve versions of many things that upstreams offer"),
    spec(Op::ListWebhooks, "list_webhooks", Verb::Read, "/admin/webhooks", Whom::Readers, "List where the tenant is told what it should know"),
    spec(Op::CreateWebhook, "create_webhook", Verb::Make, "/admin/webhooks", Whom::Managers, "Have messages sent to an address, signed with a secret that is shown this once"),
    spec(Op::ReadWebhook, "read_webhook", Verb::Read, "/admin/webhooks/{id}", Whom::Readers, "Read a webhook with what became of its latest messages"),
    spec(Op::DeleteWebhook, "delete_webhook", Verb::Remove, "/admin/webhooks/{id}", Whom::Managers, "Delete a webhook with its messages"),
    spec(Op::TestWebhook, "test_webhook", Verb::Make, "/admin/webhooks/{id}/test", Whom::Managers, "Send a message that says nothing to a webhook"),
    spec(Op::ListCredentials, "list_credentials", Verb::Read, "/admin/credentials", Whom::ReadersOrOwn, "List credentials towards upstreams, without what is secret of them"),
    spec(Op::CreateCredential, "create_credential", Verb::Make, "/admin/credentials", Whom::ManagersOrOwn, "Give an upstream a credential, for everybody's calls or for one user's; it is never shown again"),
    spec(Op::ReadCredential, "read_credential", Verb::Read, "/admin/credentials/{id}", Whom::ReadersOrOwn, "Read what may be shown of a credential"),
    spec(Op::ReplaceCredential, "replace_credential", Verb::Replace, "/admin/credentials/{id}", Whom::ManagersOrOwn, "Replace what a credential is"),
    spec(Op::DeleteCredential, "delete_credential", Verb::Remove, "/admin/credentials/{id}", Whom::ManagersOrOwn, "Delete a credential with the tokens it brought"),
    spec(Op::ResealTenant, "reseal_tenant", Verb::Make, "/admin/tenants/{id}/reseal", Whom::Managers, "Seal what a tenant has stored with the current key, after the key was replaced"),
    spec(Op::ListRevocations, "list_revocations", Verb::Read, "/admin/revocations", Whom::Readers, "List what was revoked and would still be good otherwise"),
    spec(Op::Revoke, "revoke", Verb::Make, "/admin/revocations", Whom::Managers, "Revoke a token, a session, a user's all, a key, a client's all, the tenant's all, or what was opened before a moment"),
    spec(Op::ListApprovals, "list_approvals", Verb::Read, "/admin/approvals", Whom::ReadersOrOwn, "List calls that wait for a person's approval, or waited"),
    spec(Op::ReadApproval, "read_approval", Verb::Read, "/admin/approvals/{id}", Whom::ReadersOrOwn, "Read a call that waits for approval"),
    spec(Op::DecideApproval, "decide_approval", Verb::Make, "/admin/approvals/{id}", Whom::Managers, "Approve or refuse a call that waits; nobody approves its own"),
    spec(Op::ReadActivity, "read_activity", Verb::Read, "/admin/activity", Whom::Readers, "Read what happened minute by minute: of each upstream how many calls went well, were refused, failed or met a limit, and how long they took; of every tenant for the operator"),
    spec(Op::ReadEntropy, "read_entropy", Verb::Read, "/admin/entropy", Whom::Readers, "Read which label random values carried since when: whether quantum-derived bytes were mixed in"),
    spec(Op::QueryAudit, "query_audit", Verb::Read, "/admin/audit", Whom::Readers, "Search the audit trail"),
    spec(Op::ExportAudit, "export_audit", Verb::Read, "/admin/audit/export", Whom::Readers, "Export the audit trail as lines of JSON, from its anchor to its signed head"),
    spec(Op::VerifyAudit, "verify_audit", Verb::Read, "/admin/audit/verify", Whom::Readers, "Verify the audit trail: find any change, gap or reordering"),
    spec(Op::ReadAuditHead, "read_audit_head", Verb::Read, "/admin/audit/head", Whom::Readers, "Read where the audit trail ends, signed, to be kept elsewhere"),
];

impl Operation {
    /// Its line of the table.
    pub fn spec(self) -> Option<&'static Spec> {
        OPERATIONS.iter().find(|spec| spec.operation == self)
    }
}

impl Spec {
    /// Whether it changes nothing.
    pub const fn only_reads(&self) -> bool {
        matches!(self.verb, Verb::Read) || matches!(self.operation, Op::ExplainPolicies)
    }

    /// Whether it changes something that must not have been changed meanwhile.
    pub const fn is_conditional(&self) -> bool {
        matches!(self.verb, Verb::Replace | Verb::Change)
    }

    /// Whether the operator may use it, who belongs to no tenant.
    pub const fn is_the_operators(&self) -> bool {
        matches!(
            self.operation,
            Op::ListTenants
                | Op::CreateTenant
                | Op::ReadTenant
                | Op::UpdateTenant
                | Op::DeleteTenant
                | Op::ResealTenant
                | Op::ReadActivity
                | Op::ReadEntropy
                | Op::QueryAudit
                | Op::ExportAudit
                | Op::VerifyAudit
                | Op::ReadAuditHead
        )
    }

    /// Whether an agent may have it as a tool: what is the operator's alone is none.
    pub const fn is_a_tool(&self) -> bool {
        !matches!(self.whom, Whom::Operator) && !matches!(self.operation, Op::ExportAudit)
    }

    /// Its name as a tool.
    pub fn tool_name(&self) -> String {
        format!("{ADMIN_PREFIX}{}", self.name)
    }

    /// Whether it is about one thing that its path names.
    pub fn names_one(&self) -> bool {
        self.path.contains("/{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::{OPERATIONS, Operation, Verb, Whom};
    use crate::account::role::Role;
    use crate::admin::whom::Extent;
    use std::collections::BTreeSet;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_operation_has_a_name_and_a_route_of_its_own() {
        let names: BTreeSet<_> = OPERATIONS.iter().map(|spec| spec.name).collect();
        let routes: BTreeSet<_> = OPERATIONS.iter().map(|spec| (spec.verb as u8, spec.path)).collect();
        assert_eq!((names.len(), routes.len()), (OPERATIONS.len(), OPERATIONS.len()));
        for spec in OPERATIONS {
            assert_eq!(spec.operation.spec().unwrap().name, spec.name);
            assert!(spec.path.starts_with("/admin/") && !spec.summary.ends_with('.'));
        }
    }

    #[test]
    fn an_agent_reaches_nothing_and_an_auditor_changes_nothing() {
        for spec in OPERATIONS {
            assert_eq!(spec.whom.extent(Role::Agent), None, "{}", spec.name);
            let audits = spec.whom.extent(Role::Auditor).is_some();
            assert_eq!(audits, spec.only_reads(), "{}", spec.name);
            let own = spec.whom.extent(Role::Developer);
            assert!(own.is_none() || own == Some(Extent::Own), "{}", spec.name);
        }
        assert_eq!(Whom::Owners.extent(Role::Admin), None);
        assert_eq!(Whom::Operator.extent(Role::Owner), None);
        let operators = OPERATIONS.iter().filter(|spec| spec.is_the_operators()).count();
        assert_eq!(operators, 12);
        assert!(Operation::UpdateKey.spec().unwrap().is_conditional() && Verb::Change != Verb::Replace);
    }
}
