//! Files of a tenant: objects of the bucket, each behind the tenant's and the upstream's ids.

use super::context::Context;
use super::metrics::{self, Part};
use super::upstreams::Party;
use super::{clock, database, tongues};
use crate::file::content::{Encoding, Window, Written};
use crate::file::offer::{self, MOST_RESOURCES};
use crate::file::options::FileOptions;
use crate::file::order::{Listing, Order, Reading, Refused, Searching, Writing};
use crate::file::path::{Area, FilePath};
use crate::file::search::{Look, Search};
use crate::file::told::{Deleted, Entry, Listed, Read, Searched, Wrote};
use crate::file::{BINDING, order::MOST_LISTED};
use crate::mcp::wire::ReadResource;
use crate::store::upstreams::{FORGET_LEFTOVER, LEFTOVERS, LeftoverRow};
use crate::time::{Lifetime, Timestamp};
use crate::upstream::ask::{Answer, Ask};
use crate::upstream::survey::Survey;
use crate::upstream::{Upstream, UpstreamProblem};
use worker::{Bucket, Conditional, Env, HttpMetadata, ListOptionsBuilder, Object, Range};

/// A search ends so long before its time is up, to say where it stopped.
const MARGIN: Lifetime = Lifetime::from_seconds(3);
/// Areas that are emptied after one deletion, and how often a thousand objects of each are deleted.
const MOST_LEFTOVERS: u32 = 5;
const MOST_ROUNDS: u32 = 10;
/// So long after a deletion a call that had begun before it may still write.
const LATE: Lifetime = Lifetime::from_seconds(60);

/// What came of an order, or why it was not carried out.
type Done<T> = Result<Result<T, Refused>, UpstreamProblem>;

/// What is offered: the tools, and the first files as resources.
pub async fn survey(party: &Party, upstream: &Upstream, options: &FileOptions) -> Result<Survey, UpstreamProblem> {
    let files = Files::of(party, upstream, options, clock::now())?;
    let first = Listing { folder: None, cursor: None, limit: MOST_RESOURCES };
    let page = files.page(&first, first.limit).await?.unwrap_or_default();
    let named = page.objects.into_iter().filter_map(|(path, entry, _)| Some((path?, entry)));
    Ok(Survey {
        introduction: tongues::offered(),
        tools: offer::tools(options),
        resources: named.map(|(path, entry)| offer::resource(&path, &entry)).collect(),
        templates: vec![offer::template()],
        ..Survey::default()
    })
}

/// Does one thing with files, which ends by itself a while before `end` where it may end early.
pub async fn ask(
    party: &Party,
    upstream: &Upstream,
    options: &FileOptions,
    ask: &Ask,
    end: Timestamp,
) -> Result<Answer, UpstreamProblem> {
    let files = Files::of(party, upstream, options, end)?;
    if let Some((tool, arguments)) = tongues::called(ask) {
        return match Order::read(tool, &arguments, options) {
            Ok(order) => files.carry_out(order).await,
            Err(refused) => Ok(tongues::refused(&refused)),
        };
    }
    match tongues::address(ask) {
        Some(uri) => files.resource(uri).await,
        None => Ok(tongues::unknown()),
    }
}

struct Files<'a> {
    bucket: Bucket,
    area: Area,
    options: &'a FileOptions,
    end: Timestamp,
}

/// Some objects of a list, each with its path if it is a file, and its name.
#[derive(Default)]
struct Page {
    objects: Vec<(Option<FilePath>, Entry, String)>,
    more: bool,
}

impl<'a> Files<'a> {
    /// The files of an upstream of the tenant that the verified credential names.
    fn of(
        party: &Party,
        upstream: &Upstream,
        options: &'a FileOptions,
        end: Timestamp,
    ) -> Result<Self, UpstreamProblem> {
        let bucket = party.env.bucket(BINDING).map_err(|_| UpstreamProblem::Unbound)?;
        Ok(Self { bucket, area: Area::new(&party.tenant, &upstream.id), options, end })
    }

    async fn carry_out(&self, order: Order) -> Result<Answer, UpstreamProblem> {
        metrics::asked(Part::R2);
        match order {
            Order::Read(reading) => tongues::told(self.read(&reading).await?),
            Order::Write(writing) => tongues::told(self.write(writing).await?),
            Order::List(listing) => tongues::told(self.list(&listing).await?),
            Order::Search(searching) => tongues::told(self.search(&searching).await?),
            Order::Delete(path) => {
                self.bucket.delete(self.area.key(&path)).await.map_err(away)?;
                tongues::told(Ok::<_, Refused>(Deleted { path: path.to_string(), deleted: true }))
            }
        }
    }

    /// A file as a resource: whole, or not at all.
    async fn resource(&self, uri: &str) -> Result<Answer, UpstreamProblem> {
        let Ok(path) = FilePath::of_address(uri) else {
            return Ok(tongues::unreadable(uri, "Resource not found"));
        };
        let whole = Reading { path: path.clone(), offset: 0, length: None, encoding: None };
        let Ok((size, _, written)) = self.part(&whole).await? else {
            return Ok(tongues::unreadable(uri, "Resource not found"));
        };
        if written.bytes < size {
            return Ok(tongues::unreadable(uri, "The file is larger than what is read at a time: use read_file"));
        }
        let media_type = path.media_type();
        tongues::answer(&match written.encoding {
            Encoding::Text => ReadResource::text(uri, media_type, written.content),
            Encoding::Base64 => ReadResource::bytes(uri, media_type, written.content),
        })
    }

    async fn read(&self, reading: &Reading) -> Done<Read> {
        let part = self.part(reading).await?;
        Ok(part.map(|(size, etag, written)| Read::new(&reading.path, (size, etag), reading.offset, written)))
    }

    /// A part of a file, with the size and the version of the whole.
    async fn part(&self, reading: &Reading) -> Done<(u64, String, Written)> {
        let key = self.area.key(&reading.path);
        let Some(head) = self.bucket.head(&key).await.map_err(away)? else {
            return Ok(Err(Refused::Missing(reading.path.to_string())));
        };
        let (size, etag) = (head.size(), head.etag());
        if reading.offset > size {
            return Ok(Err(Refused::Beyond(size)));
        }
        let bytes = match Window::of(size, reading.offset, reading.length, self.options.most_bytes()) {
            None => Some(Vec::new()),
            Some(Window { offset, length }) => {
                let same = Conditional { etag_matches: Some(etag.clone()), ..Conditional::default() };
                let part = self.bucket.get(&key).only_if(same).range(Range::OffsetWithLength { offset, length });
                bytes_of(part.execute().await.map_err(away)?).await?
            }
        };
        let Some(bytes) = bytes else { return Ok(Err(Refused::Changed)) };
        let is_end = reading.offset + bytes.len() as u64 >= size;
        let written = Written::of(&bytes, reading.encoding, is_end);
        Ok(written.map(|written| (size, etag, written)).map_err(Refused::from))
    }

    /// The condition is the bucket's own, so that of two writers at once one is refused.
    async fn write(&self, writing: Writing) -> Done<Wrote> {
        let Writing { path, bytes, replaces } = writing;
        let conflict = match &replaces {
            Some(_) => "the file is not the version of if_etag, or is not there any more",
            None => "there is a file of that name: read it, and give its etag as if_etag to replace it",
        };
        let absent = replaces.is_none().then(|| "*".to_owned());
        let only_if = Conditional { etag_matches: replaces, etag_does_not_match: absent, ..Conditional::default() };
        let metadata = HttpMetadata { content_type: Some(path.media_type().to_owned()), ..HttpMetadata::default() };
        let size = bytes.len() as u64;
        let put = self.bucket.put(self.area.key(&path), bytes).only_if(only_if).http_metadata(metadata);
        Ok(match put.execute().await.map_err(away)? {
            Some(object) => Ok(Wrote { path: path.to_string(), size, etag: object.etag() }),
            None => Err(Refused::Conflict(conflict)),
        })
    }

    async fn list(&self, listing: &Listing) -> Done<Listed> {
        let page = match self.page(listing, listing.limit).await? {
            Ok(page) => page,
            Err(refused) => return Ok(Err(refused)),
        };
        let last = page.objects.last().filter(|_| page.more);
        let next_cursor = last.and_then(|(_, _, key)| self.area.cursor(key));
        let files = page.objects.into_iter().filter(|(path, ..)| path.is_some()).map(|(_, entry, _)| entry);
        Ok(Ok(Listed { files: files.collect(), next_cursor }))
    }

    /// Objects of a folder, after where the cursor says.
    async fn page(&self, listing: &Listing, limit: u32) -> Done<Page> {
        let after = match listing.cursor.as_deref().map(|cursor| self.area.after(cursor)) {
            Some(None) => return Ok(Err(Refused::Cursor)),
            Some(after) => after,
            None => None,
        };
        let list = self.bucket.list().limit(limit).prefix(self.area.below(listing.folder.as_ref()));
        let list = after.into_iter().fold(list, ListOptionsBuilder::start_after);
        let listed = list.execute().await.map_err(away)?;
        let objects = listed.objects().iter().map(|object| self.entry(object)).collect();
        Ok(Ok(Page { objects, more: listed.truncated() }))
    }

    fn entry(&self, object: &Object) -> (Option<FilePath>, Entry, String) {
        let key = object.key();
        let path = self.area.path_of(&key);
        let shown = path.as_ref().map(FilePath::to_string).unwrap_or_default();
        let (size, etag, modified_ms) = (object.size(), object.etag(), object.uploaded().as_millis());
        (path, Entry { path: shown, size, etag, modified_ms, matches: Vec::new() }, key)
    }

    async fn search(&self, searching: &Searching) -> Done<Searched> {
        let mut search = Search::new(searching, self.options.most_bytes());
        let mut within = searching.within.clone();
        loop {
            let page = match self.page(&within, MOST_LISTED).await? {
                Ok(page) => page,
                Err(refused) => return Ok(Err(refused)),
            };
            for (path, entry, key) in page.objects {
                let Some(path) = path else { continue };
                let late = self.end.since(clock::now()) < MARGIN;
                match if late { Look::Over } else { search.look(&path, &entry) } {
                    Look::Over => {
                        return Ok(Ok(search.finish(within.cursor.or_else(|| Some(String::new())))));
                    }
                    Look::Seen => {}
                    Look::Read => {
                        if let Some(bytes) = bytes_of(self.bucket.get(&key).execute().await.map_err(away)?).await? {
                            search.on_bytes(entry, &bytes);
                        }
                    }
                }
                within.cursor = self.area.cursor(&key);
            }
            if !page.more {
                return Ok(Ok(search.finish(None)));
            }
        }
    }
}

/// What stands in an object; nothing where it is gone, or a condition does not hold.
async fn bytes_of(object: Option<Object>) -> Result<Option<Vec<u8>>, UpstreamProblem> {
    match object.as_ref().and_then(Object::body) {
        Some(body) => body.bytes().await.map(Some).map_err(away),
        None => Ok(None),
    }
}

/// The bucket does not answer; what it says is not for callers.
fn away(_: worker::Error) -> UpstreamProblem {
    UpstreamProblem::Unreachable
}

/// Whether this gateway keeps files at all.
pub fn are_kept(env: &Env) -> bool {
    env.bucket(BINDING).is_ok()
}

/// Deletes, while nobody waits, what is left of files whose upstreams are gone. What it does not come to is taken up the next time.
pub fn clear_later(context: &Context) {
    let env = context.env.clone();
    context.background.wait_until(async move {
        // What fails is tried again the next time.
        let _ = clear(&env).await;
    });
}

async fn clear(env: &Env) -> Option<()> {
    let bucket = env.bucket(BINDING).ok()?;
    let leftovers: Vec<LeftoverRow> = database::all(env, LEFTOVERS, &[MOST_LEFTOVERS.into()]).await.ok()?;
    for leftover in leftovers {
        for _ in 0..MOST_ROUNDS {
            let listed = bucket.list().limit(MOST_LISTED).prefix(leftover.prefix.as_str()).execute().await.ok()?;
            let keys: Vec<String> = listed.objects().iter().map(Object::key).collect();
            if !keys.is_empty() {
                bucket.delete_multiple(keys).await.ok()?;
                continue;
            }
            let values = [leftover.prefix.as_str().into(), database::moment(clock::now().minus(LATE))];
            database::run(env, FORGET_LEFTOVER, &values).await.ok()?;
            break;
        }
    }
    Some(())
}
