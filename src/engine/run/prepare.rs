//! From a runbook to a plan: parameters resolved with listings of the cloud, then planned with reads.

use std::sync::Arc;

use super::RunEngine;
use crate::domain::policy::Policy;
use crate::domain::price::SpotPrices;
use crate::domain::scope::{Identity, Scope};
use crate::runbook::action::View;
use crate::runbook::model::Runbook;
use crate::runbook::params::{Given, Layer, Resolved, Unresolved};
use crate::runbook::plan::Plan;
use crate::runbook::planner::Refused;
use crate::runbook::record::{RunId, Who};
use crate::runbook::value::Value;

/// Whom and where a run is for.
#[derive(Debug, Clone)]
pub struct SiteFacts {
    /// Where.
    pub scope: Arc<Scope>,
    /// Who the credentials are; [`RunEngine::identify`] asks.
    pub identity: Identity,
    /// The account's name, if the estate gives one.
    pub account_name: Option<String>,
    /// The estate, if one was named.
    pub estate: Option<String>,
    /// Its policy: environment, least confirmation.
    pub policy: Arc<Policy>,
    /// Spot prices, as far as they are known.
    pub spot: SpotPrices,
}

/// What is known of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldState {
    /// Its name.
    pub param: String,
    /// What there is to choose from; `None` if nothing is listed, or it could not be.
    pub candidates: Option<Vec<Value>>,
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
        let _ = (&self.engine, given);
        Resolution {
            fields: Vec::new(),
            result: Err(Unresolved::default()),
        }
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
        let _ = (resolved, who, reason);
        Err(Refused {
            exit: crate::domain::exit::Exit::Internal,
            reasons: Vec::new(),
        })
    }
}
