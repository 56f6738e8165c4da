//! From a runbook to a plan: parameters resolved with listings of the cloud, then planned with reads.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::RunEngine;
use crate::domain::exit::Exit;
use crate::domain::ops::Query;
use crate::domain::policy::{Policy, Selection};
use crate::domain::price::PriceTable;
use crate::domain::reach::Reach;
use crate::domain::scope::{Identity, Scope};
use crate::engine::name::Named;
use crate::runbook::action::{Decisions, ErrorClass, View, named_time};
use crate::runbook::expr::Names;
use crate::runbook::model::Runbook;
use crate::runbook::observe::{self, Candidates};
use crate::runbook::params::{Gap, Given, Layer, Resolved, Resolver, Unresolved};
use crate::runbook::plan::{Plan, PlanIdentity};
use crate::runbook::planner::{Next, Planner, Refused, RunNames};
use crate::runbook::record::{RunId, Who};
use crate::runbook::value::Value;

/// Whom and where a run is for.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// Where.
    pub scope: Arc<Scope>,
    /// Who the credentials are; [`RunEngine::identify`] asks.
    pub identity: Identity,
    /// The estate, if one was named.
    pub estate: Option<String>,
    /// Its policy: environment, least confirmation.
    pub policy: Arc<Policy>,
    /// What belongs to it; everything where no estate was named.
    pub selection: Arc<Selection>,
}

/// What is known of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldState {
    /// Its name.
    pub param: String,
    /// What there is to choose from; `None` if nothing is listed, or it could not be.
    pub candidates: Option<Vec<Value>>,
    /// Why there may be more to choose from than that.
    pub gap: Option<String>,
    /// Its value, if it has one that can be used.
    pub value: Option<Value>,
    /// Where the value came from.
    pub layer: Option<Layer>,
    /// What is wrong with it, in one line.
    pub problem: Option<String>,
}

/// Parameters, as far as they are known.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// Every parameter in the runbook's order.
    pub fields: Vec<FieldState>,
    /// All values, or what is missing and wrong.
    pub result: Result<Resolved, Unresolved>,
}

/// A plan that is ready, and what else somebody should know before saying yes.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The name that the run will have.
    pub id: RunId,
    /// The plan.
    pub plan: Plan,
    /// What is no part of the plan: credentials that end early, locks that others hold or do not see.
    pub cautions: Vec<String>,
}

/// A run in preparation. Listings are kept for the life of it, so that a form can be filled in field by
/// field; [`Preparation::refresh`] forgets them. Planning reads everything anew.
pub struct Preparation {
    engine: RunEngine,
    site: SiteFacts,
    runbook: Arc<Runbook>,
    listings: View,
}

impl Preparation {
    pub(super) fn new(engine: RunEngine, site: SiteFacts, runbook: Arc<Runbook>) -> Self {
        Self {
            engine,
            site,
            runbook,
            listings: View::default(),
        }
    }

    /// Whom and where it is for.
    pub const fn site(&self) -> &SiteFacts {
        &self.site
    }

    /// What is to be run.
    pub const fn runbook(&self) -> &Arc<Runbook> {
        &self.runbook
    }

    /// Forgets what was listed.
    pub fn refresh(&mut self) {
        self.listings = View::default();
    }

    /// Works out every parameter, listing what there is to choose from.
    pub async fn resolve(&mut self, given: Given) -> Resolution {
        let runbook = Arc::clone(&self.runbook);
        let context = self.context();
        let mut resolver = Resolver::new(&runbook, given.clone(), &context);
        let mut candidates: BTreeMap<String, (Vec<Value>, Option<String>)> = BTreeMap::new();
        while let Some(listing) = resolver.next_listing() {
            let queries = observe::listing_queries(listing.source, &listing.filters);
            self.list(queries).await;
            match observe::candidates(listing.source, &listing.filters, &self.listings) {
                Ok(Candidates { found, gap: None }) => {
                    candidates.insert(listing.param, (found.clone(), None));
                    resolver.listed(found);
                }
                Ok(Candidates {
                    found,
                    gap: Some(fault),
                }) => {
                    let class = Some(ErrorClass::of(&fault));
                    let why = self.unread(class, &fault);
                    candidates.insert(listing.param, (found.clone(), Some(why.clone())));
                    resolver.listed_in_part(found, &Gap { class, why });
                }
                Err(unread) => {
                    let class = unread.class();
                    resolver.not_listed(class, &self.unread(class, &unread));
                }
            }
        }
        let known = resolver.so_far().clone();
        let result = resolver.finish();
        let problem = |name: &str| {
            let unresolved = result.as_ref().err()?;
            let wrong = unresolved.problems.iter();
            let wrong = wrong.filter(|problem| problem.param == name);
            let unlisted = unresolved.unlisted.iter();
            let unlisted = unlisted.filter(|unlisted| unlisted.param == name);
            let messages: Vec<&str> = wrong
                .map(|problem| problem.message.as_str())
                .chain(unlisted.map(|unlisted| unlisted.message.as_str()))
                .collect();
            (!messages.is_empty()).then(|| messages.join("; "))
        };
        let fields = runbook
            .params
            .iter()
            .map(|param| {
                let name = &param.name.value;
                let (candidates, gap) = candidates.remove(name).unzip();
                FieldState {
                    param: name.clone(),
                    candidates,
                    gap: gap.flatten(),
                    value: known.values.get(name).cloned(),
                    layer: known
                        .layers
                        .get(name)
                        .copied()
                        .or_else(|| given.value(name).map(|(_, layer)| layer)),
                    problem: problem(name),
                }
            })
            .collect();
        Resolution { fields, result }
    }

    /// Reads what was not listed yet.
    async fn list(&mut self, mut queries: Vec<Query>) {
        // What failed is asked again: it may have been the moment.
        queries.retain(|query| !matches!(self.listings.get(query), Some(Ok(reply)) if reply.gaps.is_empty()));
        let answers = self.engine.read_all(&self.site.scope, queries).await;
        self.listings.extend(answers);
    }

    /// Why something could not be read, and where.
    fn unread(&self, class: Option<ErrorClass>, why: &impl fmt::Display) -> String {
        let again = class.is_some_and(ErrorClass::is_transient);
        let again = if again { ", tried more than once" } else { "" };
        format!("{why}, {}{again}", self.place())
    }

    /// Where this is for, as messages name it.
    fn place(&self) -> String {
        let SiteFacts { scope, identity, .. } = &self.site;
        format!("in account {} and region {}", identity.account, scope.region)
    }

    /// What parameters' expressions see beside each other.
    fn context(&self) -> Names<'static> {
        let SiteFacts {
            identity,
            estate,
            policy,
            scope,
            ..
        } = &self.site;
        let record = |fields: [(&str, Value); 2]| {
            Value::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
        };
        Names::new()
            .with(
                "account",
                record([
                    ("id", Value::text(&identity.account)),
                    ("name", scope.account_name.as_deref().into()),
                ]),
            )
            .with("region", Value::text(&scope.region))
            .with(
                "estate",
                record([
                    ("name", estate.as_deref().into()),
                    ("environment", Value::text(policy.environment.to_string())),
                ]),
            )
    }

    /// Plans, reading everything anew. `who` and `reason` are what expressions see of the run.
    ///
    /// # Errors
    /// If there is no plan, and why.
    pub async fn plan(
        &self,
        resolved: &Resolved,
        (who, reason): (&Who, Option<&str>),
    ) -> Result<Prepared, Refused> {
        let clocks = &self.engine.0.clocks;
        let now = clocks.cloud.now();
        let wall = clocks.wall.now();
        let SiteFacts {
            scope,
            identity,
            estate,
            policy,
            selection,
        } = &self.site;
        let limit = self.runbook.limits.max_runs_per_hour;
        let name = &self.runbook.name.value;
        self.engine
            .not_too_often(name, limit, (&identity.account, &scope.region))?;
        let decisions = Decisions {
            policy: Policy::clone(policy),
            selection: Selection::clone(selection),
        };
        let id = RunId(Named::Run.mint(wall));
        let names = RunNames {
            id: id.0.clone(),
            operator: who.user.clone(),
            reason: reason.map(str::to_owned),
        };
        let place = PlanIdentity {
            scope: scope.name.clone(),
            account: identity.account.clone(),
            region: scope.region.clone(),
            arn: identity.arn.clone(),
            account_name: scope.account_name.clone(),
            estate: estate.clone(),
            environment: policy.environment.to_string(),
        };
        let planner = Planner {
            runbook: &self.runbook,
            params: &resolved.values,
            identity: &place,
            confirm_at_least: policy.confirm_at_least,
            decisions: &decisions,
            prices: PriceTable::shipped(),
            allowed: &self.engine.0.allowed,
            run: &names,
            now,
            wall,
        };
        let mut view = View::default();
        for _ in 0..MOST_ROUNDS {
            match planner.plan(&view)? {
                Next::Ready(plan) => {
                    let mut cautions = resolved.cautions.clone();
                    cautions.extend(self.cautions(&plan, now));
                    return Ok(Prepared {
                        cautions,
                        id,
                        plan: *plan,
                    });
                }
                Next::Read(queries) => {
                    let answers = self.engine.read_all(scope, queries).await;
                    view.extend(answers);
                }
            }
        }
        Err(Refused {
            exit: Exit::Internal,
            reasons: vec![format!("no plan after {MOST_ROUNDS} rounds of reading")],
        })
    }

    /// What somebody should know before saying yes that is no part of the plan.
    fn cautions(&self, plan: &Plan, now: Timestamp) -> Vec<String> {
        let mut cautions = Vec::new();
        if plan.is_empty() {
            return cautions;
        }
        let zone = self.site.policy.time_zone.rules();
        let deadline = SignedDuration::from_secs(i64::try_from(plan.deadline_s).unwrap_or(i64::MAX));
        if let Some(end) = self.site.identity.credentials_expire_at
            && end.duration_since(now) < deadline
        {
            cautions.push(format!(
                "the credentials end at {}, the run may take until {}; it waits where they cannot be renewed",
                named_time(end, zone),
                named_time(now.saturating_add(deadline).unwrap_or(Timestamp::MAX), zone)
            ));
        }
        match self.engine.reach() {
            Some(Reach::Host) => {}
            Some(reach @ Reach::Login) => cautions.push(format!(
                "locks: {}; where several people run things here, pass --state-dir DIR, a folder of all of them",
                reach.words()
            )),
            None => cautions.push(
                "locks: none, since there is no folder for them; pass --state-dir DIR, or set HOME".to_owned(),
            ),
        }
        if let Some(locks) = self.engine.locks() {
            match locks.holders(&plan.lock_keys()) {
                Ok(holders) => {
                    cautions.extend(holders.iter().map(|holder| format!("locked by {holder}")));
                }
                Err(error) => cautions.push(error.to_string()),
            }
        }
        cautions
    }
}

/// Far more rounds of reading than any runbook needs: each brings what the round before made known.
const MOST_ROUNDS: usize = 64;

impl RunEngine {
    /// A runbook's own limit of runs per hour in an account and region: whether one more may begin now.
    ///
    /// # Errors
    /// If it ran as often as it may, or nobody knows how often.
    pub(super) fn not_too_often(
        &self,
        runbook: &str,
        most: Option<u32>,
        place: (&str, &str),
    ) -> Result<(), Refused> {
        let (Some(most), Some(store)) = (most, self.store()) else {
            return Ok(());
        };
        let after = self
            .0
            .clocks
            .wall
            .now()
            .saturating_sub(SignedDuration::from_hours(1))
            .unwrap_or(Timestamp::MIN);
        let count = store
            .count_since(runbook, place, after)
            .map_err(|error| Refused {
                exit: error.exit(),
                reasons: vec![format!(
                    "how often {runbook} ran within the hour is not known: {error}"
                )],
            })?;
        if count < usize::try_from(most).unwrap_or(usize::MAX) {
            return Ok(());
        }
        Err(Refused {
            exit: Exit::Precondition,
            reasons: vec![format!(
                "{runbook} ran {count} times within the hour here; it may {most} times"
            )],
        })
    }

    /// Asks all of these at once, each with its answer, and again what AWS refused for the moment. The
    /// rate budgets of the cloud's host see to it that it is not too much.
    pub(super) async fn read_all(&self, scope: &Scope, queries: Vec<Query>) -> View {
        let reads = queries.into_iter().map(|query| async move {
            let answer = self.read_patiently(scope, &query).await;
            (query, answer)
        });
        View::new(futures_util::future::join_all(reads).await)
    }
}
