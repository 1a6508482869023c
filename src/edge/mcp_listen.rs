//! Changes, told to clients as upstreams tell them: for as long as somebody listens, every upstream that has something to
//! say is listened to.

use super::errand::{self, Hearer};
use super::line::Line;
use super::mcp_serve::Scene;
use super::mcp_work::{Audience, Work};
use super::tenant::{self, Shown};
use super::upstreams::{self, Party};
use super::{locate, outbound};
use crate::catalogue::view::{Lookup, Part, View};
use crate::mcp::notice::Notices;
use crate::mcp::refusal::METHOD_NOT_FOUND;
use crate::mcp::reply::Addressee;
use crate::mcp::subscription::{Filter, Subscription};
use crate::mcp::ticket;
use crate::mcp::wire::RpcError;
use crate::outbound::OutboundRequest;
use crate::upstream::answer::{self, Message};
use crate::upstream::ask::{Ask, AskMethod, Notification};
use crate::upstream::link::Link;
use crate::upstream::stream::EventReader;
use crate::upstream::{Upstream, request};
use futures::future::join_all;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use worker::Delay;

/// How long to wait before an upstream that ended its stream is listened to again: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Hears a notification under the names the client knows.
pub type Told = Rc<dyn Fn(&str, Map<String, Value>)>;

/// `subscriptions/listen`: what it tells goes on until the client closes the stream.
pub fn work(scene: Scene, to: Addressee, kept: Filter, shown: Rc<Shown>) -> Work {
    let audience = Audience { notices: Notices::new(to.era, None, None), to: to.clone() };
    Work::new(audience, |client| async move {
        let subscription = Subscription::new(to.id.clone(), kept);
        client.tell(subscription.acknowledgement());
        let filter = subscription.filter().clone();
        let told: Told = Rc::new(move |method, params| {
            if let Some(message) = subscription.relay(method, params) {
                client.tell(message);
            }
        });
        changes(&scene, &shown, &filter, &told).await;
        std::future::pending().await
    })
}

/// Tells a session what its filter wants, as far as its endpoint can tell it.
pub async fn for_session(scene: &Scene, filter: Filter, told: &Told) {
    let shown = tenant::shown(&scene.context, &scene.principal, scene.place.server.as_deref()).await;
    // An endpoint that is gone has nothing to tell.
    let Ok(shown) = shown else { return std::future::pending().await };
    let party = tenant::party(&scene.context, &scene.principal);
    let parts = locate::parts_at_hand(&scene.context, &party, &shown).await;
    let kept = filter.kept_by(&View::new(&shown.endpoint, &parts).offered());
    changes(scene, &shown, &kept, told).await;
    std::future::pending().await
}

/// Tells every change that the filter wants, for ever, or not at all where no upstream has any to tell.
pub async fn changes(scene: &Scene, shown: &Rc<Shown>, filter: &Filter, told: &Told) {
    let party = tenant::party(&scene.context, &scene.principal);
    let parts = locate::parts_at_hand(&scene.context, &party, shown).await;
    let wishes = wishes(scene, shown, &parts, filter);
    join_all(wishes.into_iter().filter_map(|(index, wish)| {
        let upstream = shown.upstreams.get(index)?;
        let ear = Ear { scene, party: &party, shown, index, upstream, wish, told: Rc::clone(told) };
        Some(ear.hear())
    }))
    .await;
}

/// What is wanted of each upstream, in its own words.
#[derive(Clone, Default)]
struct Wish {
    filter: Filter,
    /// By the upstream's own id of a task, the one the client knows.
    tasks: BTreeMap<String, String>,
}

fn wishes(scene: &Scene, shown: &Shown, parts: &[Part], filter: &Filter) -> BTreeMap<usize, Wish> {
    let view = View::new(&shown.endpoint, parts);
    let mut wishes: BTreeMap<usize, Wish> = BTreeMap::new();
    for (index, part) in parts.iter().enumerate() {
        let Some(listing) = &part.listing else { continue };
        let lists = Filter { resource_subscriptions: [].into(), task_ids: [].into(), ..filter.clone() };
        let kept = lists.kept_by(&listing.introduction().offered);
        if !kept.is_empty() {
            wishes.entry(index).or_default().filter = kept;
        }
    }
    for uri in &filter.resource_subscriptions {
        if let Lookup::Found { part, own } = view.find_resource(uri) {
            wishes.entry(part).or_default().filter.resource_subscriptions.insert(own);
        }
    }
    for id in &filter.task_ids {
        let Ok((upstream, own)) = ticket::open_task(&scene.context.settings.root, &scene.place, id) else { continue };
        if let Some(index) = shown.upstreams.iter().position(|known| known.id == upstream) {
            let wish = wishes.entry(index).or_default();
            wish.filter.task_ids.insert(own.clone());
            wish.tasks.insert(own, id.clone());
        }
    }
    wishes
}

/// One upstream that is listened to.
struct Ear<'a> {
    scene: &'a Scene,
    party: &'a Party,
    shown: &'a Rc<Shown>,
    index: usize,
    upstream: &'a Upstream,
    wish: Wish,
    told: Told,
}

impl Ear<'_> {
    /// Listens again whenever the upstream ends its stream: what changed meanwhile is not known, so nothing remembered of it
    /// is fresh.
    async fn hear(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = super::clock::now();
            if upstreams::is_legacy(self.party, self.upstream) {
                self.hear_legacy().await;
            } else {
                self.hear_modern().await;
            }
            let lasted = super::clock::now().since(began).millis();
            pause = if u128::from(lasted) > LONGEST_PAUSE.as_millis() { FIRST_PAUSE } else { pause };
            Delay::from(pause).await;
            upstreams::outdate(self.party, self.upstream);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn hear_modern(&self) {
        let filter = serde_json::to_value(&self.wish.filter).unwrap_or_default();
        let params = std::iter::once(("notifications".to_owned(), filter)).collect();
        let ask = Ask { attended: true, ..Ask::plain(AskMethod::Listen, params) };
        let hearer =
            Hearer { context: Rc::clone(&self.scene.context), notices: self.teller(), answers: None };
        // However it ends, it begins again.
        let _ = errand::ask(self.party, self.upstream, ask, Some(&hearer)).await;
    }

    /// A session of its own: an upstream sends what belongs to no request on one stream of a session only.
    async fn hear_legacy(&self) {
        let Ok(link) = errand::link(self.party, self.upstream).await else { return };
        let close = request::end(self.upstream, &link, self.party.limits.deadline);
        let _closed = Closed { scene: self.scene, request: close };
        for uri in &self.wish.filter.resource_subscriptions {
            let params = std::iter::once(("uri".to_owned(), Value::from(uri.as_str()))).collect();
            let ask = Ask::plain(AskMethod::Subscribe, params);
            // One that cannot be watched says nothing, and the others do.
            let _ = errand::ask_over(self.party, self.upstream, link.clone(), ask).await;
        }
        let request = request::stream(self.upstream, &link, None, self.party.limits.deadline);
        let Ok(mut line) = Line::open(&request).await else { return };
        if !line.is_stream() {
            return std::future::pending().await;
        }
        let (mut reader, tell) = (EventReader::default(), self.teller());
        while let Ok(Some(bytes)) = line.next(None).await {
            for event in reader.push(&bytes) {
                self.said(&link, &event, &tell).await;
            }
        }
    }

    async fn said(&self, link: &Link, event: &[u8], tell: &dyn Fn(Notification)) {
        match answer::message(event, 0) {
            Ok(Message::Notification(notification)) => tell(notification),
            Ok(Message::Request(question)) => {
                let nobody = RpcError { code: METHOD_NOT_FOUND, message: "Method not found".into(), data: None };
                let outcome = if question.method == "ping" { Ok(Map::new()) } else { Err(nobody) };
                let answer = request::Message::Answer { id: &question.id, outcome: &outcome };
                let answer = answer.request(self.upstream, Some(link), 0, self.party.limits.deadline);
                let _ = outbound::send(&answer).await;
            }
            Ok(Message::Response(_)) | Err(_) => {}
        }
    }

    /// Tells a notification under the names the client knows. A changed list is not fresh any more before anybody hears of it.
    fn teller(&self) -> Box<dyn Fn(Notification)> {
        let (party, upstream, told) = (self.party.clone(), self.upstream.clone(), Rc::clone(&self.told));
        let (shown, index, tasks) = (Rc::clone(self.shown), self.index, self.wish.tasks.clone());
        Box::new(move |mut notice| {
            if notice.method.ends_with("/list_changed") {
                upstreams::outdate(&party, &upstream);
            }
            let parts: Vec<Part> =
                shown.named().map(|(upstream, prefix)| upstreams::at_hand(&party, upstream, prefix).0).collect();
            View::new(&shown.endpoint, &parts).reveal_told(index, &notice.method, &mut notice.params);
            let own = notice.params.get("taskId").and_then(Value::as_str);
            if let Some(known) = own.and_then(|own| tasks.get(own)) {
                notice.params.insert("taskId".to_owned(), known.as_str().into());
            }
            told(&notice.method, notice.params);
        })
    }
}

/// Ends a session of an upstream when it is dropped.
struct Closed<'a> {
    scene: &'a Scene,
    request: Option<OutboundRequest>,
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request.take() {
            self.scene.context.background.wait_until(async move {
                // Whether it hears of it changes nothing here.
                let _ = outbound::send(&request).await;
            });
        }
    }
}
