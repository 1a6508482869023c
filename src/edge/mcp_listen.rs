//! Changes, told to clients as upstreams tell them: for as long as somebody listens, every upstream that has something to
//! say is listened to.

use super::attending::{Hearer, LONGEST_QUESTION};
use super::errand;
use super::guarding::Guard;
use super::line::Line;
use super::mcp_serve::Scene;
use super::mcp_work::{Audience, Client, ClientAnswer, Work};
use super::showing::equipped;
use super::tenant::{self, Shown};
use super::timer::{self, Timer, within};
use super::upstreams::{self, Party};
use super::{links, locate, outbound};
use crate::catalogue::view::{Lookup, Part, View};
use crate::guard::About;
use crate::mcp::log_level::LogLevel;
use crate::mcp::notice::Notices;
use crate::mcp::params::RESERVED;
use crate::mcp::question::Question;
use crate::mcp::reply::Addressee;
use crate::mcp::subscription::{Filter, Subscription};
use crate::mcp::ticket;
use crate::outbound::OutboundRequest;
use crate::time::Lifetime;
use crate::upstream::answer::{self, Message};
use crate::upstream::ask::{Ask, AskMethod, Notification, ServerRequest};
use crate::upstream::link::Link;
use crate::upstream::stream::{EventReader, LONGEST_NOTICE};
use crate::upstream::{Upstream, request};
use futures::channel::oneshot;
use futures::future::{join, join_all};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use worker::wasm_bindgen_futures::spawn_local;

/// How long to wait before an upstream that ended its stream is listened to again: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long a client may wait for its acknowledgement while upstreams are reached.
const LONGEST_OPENING: Lifetime = Lifetime::from_seconds(3);

/// Hears a notification under the names the client knows.
type Told = Rc<dyn Fn(&str, Map<String, Value>)>;
/// Hears a question, and where its answer goes.
type Asked = Rc<dyn Fn(Question, oneshot::Sender<ClientAnswer>)>;

/// The client of a session, as far as what belongs to no request reaches it.
pub struct SessionClient {
    /// Hears what it is told.
    pub told: Told,
    /// Hears what it is asked.
    pub asked: Asked,
}

/// `subscriptions/listen`: what it tells goes on until the client closes the stream. It is acknowledged when the upstreams
/// are listened to, so that what a client changes after the acknowledgement is heard; an upstream that cannot be reached
/// holds it up for [`LONGEST_OPENING`] at most.
pub fn work(scene: Scene, to: Addressee, kept: Filter, shown: Rc<Shown>) -> Work {
    let audience = Audience { notices: Notices::new(to.era, None, None), to: to.clone() };
    Work::new(audience, |client| async move {
        let subscription = Subscription::new(to.id.clone(), kept);
        let filter = subscription.filter().clone();
        let acknowledgement = Cell::new(Some(subscription.acknowledgement()));
        let teller = client.clone();
        let acknowledge = Rc::new(move || {
            if let Some(message) = acknowledgement.take() {
                teller.tell(message);
            }
        });
        let first = Rc::clone(&acknowledge);
        let told: Told = Rc::new(move |method, params| {
            if let Some(message) = subscription.relay(method, params) {
                // It is the first message of the stream (2026-07-28, `basic/patterns/subscriptions`).
                first();
                client.tell(message);
            }
        });
        changes(&scene, &shown, &filter, &told, None, || acknowledge()).await;
        std::future::pending().await
    })
}

/// Tells a session what its filter wants, as far as its endpoint can tell it.
pub async fn for_session(scene: &Scene, filter: Filter, client: SessionClient) {
    let shown = tenant::shown(&scene.context, &scene.principal, scene.place.server.as_deref()).await;
    // An endpoint that is gone has nothing to tell.
    let Ok(shown) = shown else { return std::future::pending().await };
    let parts = locate::parts_at_hand(&scene.party(), &shown).await;
    let kept = filter.kept_by(&View::new(&shown.endpoint, &parts).offered());
    let (wanted, all, level) = (kept.clone(), client.told, scene.session.as_ref().and_then(|known| known.log_level));
    let told: Told = Rc::new(move |method, params| {
        let is_loud = || loudness(&params).is_some_and(|said| level.is_none_or(|level| said >= level));
        let is_own = match method {
            "notifications/message" => is_loud(),
            "notifications/elicitation/complete" => true,
            _ => false,
        };
        if is_own || wanted.wants(method, &params) {
            all(method, params);
        }
    });
    changes(scene, &shown, &kept, &told, Some(&client.asked), || {}).await;
    std::future::pending::<()>().await;
}

fn loudness(params: &Map<String, Value>) -> Option<LogLevel> {
    params.get("level").and_then(Value::as_str).and_then(LogLevel::named)
}

/// Tells every change that the filter wants, for ever, or not at all where no upstream has any to tell. `opened` is called
/// when all of them are listened to, or have been tried.
async fn changes(
    scene: &Scene,
    shown: &Rc<Shown>,
    filter: &Filter,
    told: &Told,
    asked: Option<&Asked>,
    opened: impl FnOnce(),
) {
    let party = scene.party();
    let at_hand = locate::parts_at_hand(&party, shown).await;
    let wishes = wishes(scene, shown, &at_hand, filter);
    let (ears, openings): (Vec<_>, Vec<_>) = wishes
        .into_iter()
        .filter_map(|(index, wish)| {
            let upstream = shown.upstreams.get(index)?;
            let (told, asked) = (Rc::clone(told), asked.cloned());
            let (opening, open) = oneshot::channel();
            let opening = Opening(Rc::new(Cell::new(Some(opening))));
            Some((Ear { scene, party: &party, shown, index, upstream, wish, told, asked, opening }, open))
        })
        .unzip();
    let all_open = async {
        within(Some(LONGEST_OPENING), join_all(openings)).await;
        opened();
    };
    join(join_all(ears.into_iter().map(Ear::hear)), all_open).await;
}

/// Says once that an upstream is listened to.
#[derive(Clone)]
struct Opening(Rc<Cell<Option<oneshot::Sender<()>>>>);

impl Opening {
    fn is_over(&self) {
        drop(self.0.take());
    }
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
        // A legacy upstream says to a session whatever belongs to no request, wanted or not.
        let talks = scene.session.is_some()
            && shown.upstreams.get(index).is_some_and(|known| upstreams::is_legacy(&scene.party(), known));
        if talks || !kept.is_empty() {
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
    asked: Option<Asked>,
    opening: Opening,
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
            self.opening.is_over();
            let lasted = super::clock::now().since(began).millis();
            pause = if u128::from(lasted) > LONGEST_PAUSE.as_millis() { FIRST_PAUSE } else { pause };
            Timer::from(pause).await;
            upstreams::outdate(self.party, self.upstream);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn hear_modern(&self) {
        let filter = serde_json::to_value(&self.wish.filter).unwrap_or_default();
        let params = std::iter::once(("notifications".to_owned(), filter)).collect();
        let ask = Ask { attended: true, ..Ask::plain(AskMethod::Listen, params) };
        let hearer = Hearer { notices: self.teller(), answers: None };
        // However it ends, it begins again.
        let _ = errand::ask(self.party, self.upstream, ask, Some(&hearer)).await;
    }

    /// An upstream sends what belongs to no request on one stream of a session only. A client's session has sessions of its
    /// upstreams for itself, so it is that one; for any other client one is opened.
    async fn hear_legacy(&self) {
        let takes = self.scene.session.as_ref().map(|session| session.client.clone()).unwrap_or_default();
        let known = self.party.session.as_ref().and_then(|_| links::known(self.party, self.upstream, &takes));
        let link = match known {
            Some(link) => link,
            None => match errand::link(self.party, self.upstream, takes.clone()).await {
                Ok(link) => link,
                Err(_) => return,
            },
        };
        // What the upstream is shown besides stays for as long as the stream does.
        let Ok(upstream) = equipped(self.party, self.upstream).await else { return };
        let mut closed = Closed { scene: self.scene, request: None };
        if self.party.session.is_some() {
            links::keep(self.party, self.upstream, &takes, None, Some(link.clone()));
        } else {
            closed.request = request::end(&upstream, &link, self.party.limits.deadline);
        }
        for uri in &self.wish.filter.resource_subscriptions {
            let params = std::iter::once(("uri".to_owned(), Value::from(uri.as_str()))).collect();
            let ask = Ask::plain(AskMethod::Subscribe, params);
            // One that cannot be watched says nothing, and the others do.
            let _ = errand::ask_over(self.party, self.upstream, link.clone(), ask).await;
        }
        let request = request::stream(&upstream, &link, None, self.party.limits.deadline);
        let Ok(mut connection) = Line::open(&request, self.party.limits.patience.first).await else { return };
        self.opening.is_over();
        if !connection.is_stream() {
            return std::future::pending().await;
        }
        let (mut reader, tell) = (EventReader::default(), self.teller());
        while let Ok(Some(bytes)) = connection.next(None).await {
            for event in reader.push(&bytes).iter().filter(|event| event.len() <= LONGEST_NOTICE) {
                self.said(&link, event, &tell);
            }
            if reader.is_overlong() {
                return;
            }
        }
    }

    fn said(&self, link: &Link, event: &[u8], tell: &dyn Fn(Notification)) {
        match answer::message(event, 0) {
            Ok(Message::Notification(notification)) => tell(notification),
            Ok(Message::Request(question)) => self.question(link, question),
            Ok(Message::Response(_)) | Err(_) => {}
        }
    }

    /// A question that belongs to no request: the client of the session answers it, if it takes it.
    fn question(&self, link: &Link, question: ServerRequest) {
        let takes = self.scene.session.as_ref().map(|session| session.client.clone()).unwrap_or_default();
        let (answer, answered) = oneshot::channel();
        let ServerRequest { id, method, params } = question;
        match (&self.asked, Question::admit(&takes, method.clone(), params)) {
            _ if method == "ping" => drop(answer.send(Ok(Map::new()))),
            (Some(asked), Ok(question)) => asked(question, answer),
            (_, Err(refusal)) => drop(answer.send(Err(refusal))),
            (None, Ok(_)) => drop(answer),
        }
        let (party, upstream, link) = (self.party.clone(), self.upstream.clone(), link.clone());
        spawn_local(async move {
            let outcome = within(Some(LONGEST_QUESTION), answered).await.and_then(Result::ok);
            let outcome = outcome.unwrap_or_else(|| Err(Client::silence()));
            let Ok(upstream) = equipped(&party, &upstream).await else { return };
            let message = request::Message::Answer { id: &id, outcome: &outcome };
            let _ = outbound::send(&message.request(&upstream, Some(&link), 0, party.limits.deadline)).await;
        });
    }

    /// Tells a notification under the names the client knows. A changed list is not fresh any more before anybody hears of it.
    fn teller(&self) -> Box<dyn Fn(Notification)> {
        let (party, upstream, told) = (self.party.clone(), self.upstream.clone(), Rc::clone(&self.told));
        let (shown, index, tasks) = (Rc::clone(self.shown), self.index, self.wish.tasks.clone());
        let (opening, guard) = (self.opening.clone(), Guard::of(&self.scene.principal, || About::Unknown));
        Box::new(move |mut notice| {
            // A modern upstream's first word is its acknowledgement.
            opening.is_over();
            if let Some(Value::Object(meta)) = notice.params.get_mut("_meta") {
                // What is said of the hop to the upstream is no business of the client.
                meta.retain(|name, _| !name.starts_with(RESERVED));
            }
            if notice.method.ends_with("/list_changed") {
                upstreams::outdate(&party, &upstream);
            }
            let at_hand: Vec<Part> =
                shown.named().map(|(upstream, prefix)| upstreams::at_hand(&party, upstream, prefix).0).collect();
            View::new(&shown.endpoint, &at_hand).reveal_told(index, &notice.method, &mut notice.params);
            let own = notice.params.get("taskId").and_then(Value::as_str);
            if let Some(known) = own.and_then(|own| tasks.get(own)) {
                notice.params.insert("taskId".to_owned(), known.as_str().into());
            }
            if guard.notice(&mut notice) {
                told(&notice.method, notice.params);
            }
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
        if let Some(request) = self.request.take().filter(|_| timer::in_request()) {
            self.scene.context.background.wait_until(async move {
                // Whether it hears of it changes nothing here.
                let _ = outbound::send(&request).await;
            });
        }
    }
}
