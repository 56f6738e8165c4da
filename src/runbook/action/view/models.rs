//! What actions ask of the answers about SageMaker.

use super::{Unread, View, one, whole};
use crate::domain::fault::Fault;
use crate::domain::metric::{MetricId, MetricSpec, Series};
use crate::domain::ops::{Query, Reply, ReplyData, application_auto_scaling, cloudwatch, sagemaker};
use crate::domain::sagemaker::{Endpoint, EndpointConfig, Notebook, scalable_resource};
use crate::domain::scalable::ScalableTarget;

fn all_endpoints() -> Query {
    Query::Sagemaker(sagemaker::Read::Endpoints)
}

fn all_notebooks() -> Query {
    Query::Sagemaker(sagemaker::Read::Notebooks)
}

fn all_targets() -> Query {
    Query::ApplicationAutoScaling(application_auto_scaling::Read::EndpointTargets)
}

impl View {
    getters! {
        sm_endpoints, sm_endpoints_mut: "the endpoints", Endpoints, Vec<Endpoint>;
        sm_notebooks, sm_notebooks_mut: "the notebooks", Notebooks, Vec<Notebook>;
    }

    getters! {
        sm_configs: "the configurations of endpoints", EndpointConfigs, Vec<EndpointConfig>;
    }

    /// All endpoints.
    pub fn endpoints(&self) -> Result<&[Endpoint], Unread> {
        Ok(whole(self.sm_endpoints(&all_endpoints())?)?)
    }

    /// An endpoint by name or ARN.
    pub fn endpoint(&self, name: &str) -> Result<Option<&Endpoint>, Unread> {
        let (endpoints, gaps) = self.sm_endpoints(&all_endpoints())?;
        one((endpoints, gaps), |endpoint| {
            endpoint.name == name || endpoint.arn == name
        })
    }

    /// All endpoints, to be changed.
    pub fn endpoints_mut(&mut self) -> Option<&mut Vec<Endpoint>> {
        self.sm_endpoints_mut(&all_endpoints())
    }

    /// The newest configurations of endpoints, or what there is of that name.
    pub fn endpoint_configs(&self, name: Option<&str>) -> Result<&[EndpointConfig], Unread> {
        let query = Query::Sagemaker(sagemaker::Read::EndpointConfigs {
            name: name.map(str::to_owned),
        });
        Ok(whole(self.sm_configs(&query)?)?)
    }

    /// The bounds between which a variant is scaled by itself.
    pub fn endpoint_target(&self, endpoint: &str, variant: &str) -> Result<Option<&ScalableTarget>, Unread> {
        let resource = scalable_resource(endpoint, variant);
        let (targets, gaps) = self.scalable_targets(&all_targets())?;
        one((targets, gaps), |target| target.resource == resource)
    }

    /// The same, to be changed.
    pub fn endpoint_target_mut(&mut self, endpoint: &str, variant: &str) -> Option<&mut ScalableTarget> {
        let resource = scalable_resource(endpoint, variant);
        self.scalable_targets_mut(&all_targets())?
            .iter_mut()
            .find(|target| target.resource == resource)
    }

    /// All notebooks.
    pub fn notebooks(&self) -> Result<&[Notebook], Unread> {
        Ok(whole(self.sm_notebooks(&all_notebooks())?)?)
    }

    /// A notebook by name or ARN.
    pub fn notebook(&self, name: &str) -> Result<Option<&Notebook>, Unread> {
        let (notebooks, gaps) = self.sm_notebooks(&all_notebooks())?;
        one((notebooks, gaps), |notebook| {
            notebook.name == name || notebook.arn == name
        })
    }

    /// All notebooks, to be changed.
    pub fn notebooks_mut(&mut self) -> Option<&mut Vec<Notebook>> {
        self.sm_notebooks_mut(&all_notebooks())
    }

    /// The values of these metrics.
    pub fn metrics(&self, specs: &[MetricSpec]) -> Result<&[(MetricId, Series)], Unread> {
        let query = Query::CloudWatch(cloudwatch::Read::Metrics {
            specs: specs.to_vec(),
        });
        Ok(whole(self.cw_metrics(&query)?)?)
    }
}
