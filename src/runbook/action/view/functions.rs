//! Functions, metrics and node groups, as actions see them.

use super::{Unread, View, one, whole};
use crate::domain::function::{Function, Version};
use crate::domain::kubernetes::{Kubernetes, Nodegroup, Update};
use crate::domain::metric::{MetricId, Series};
use crate::domain::ops::{Query, cloudwatch, eks, lambda};

impl View {
    /// All functions.
    pub fn functions(&self) -> Result<&[Function], Unread> {
        let (known, gaps) = self.lambda_functions(&Query::Lambda(lambda::Read::Functions))?;
        whole((known.functions.as_slice(), gaps))
    }

    /// A function that was asked for by its name.
    pub fn function(&self, name: &str) -> Result<Option<&Function>, Unread> {
        let (known, gaps) = self.lambda_functions(&function_of(name))?;
        one((&known.functions, gaps), |function| function.name == name)
    }

    /// The same, to be changed.
    pub fn function_mut(&mut self, name: &str) -> Option<&mut Function> {
        self.lambda_functions_mut(&function_of(name))?
            .functions
            .iter_mut()
            .find(|function| function.name == name)
    }

    /// The published versions of a function, newest first.
    pub fn versions(&self, function: &str) -> Result<&[Version], Unread> {
        let query = Query::Lambda(lambda::Read::Versions {
            function: function.to_owned(),
        });
        Ok(whole(self.lambda_versions(&query)?)?)
    }

    /// The values of a metric, if any answer has them.
    pub fn metric(&self, wanted: &MetricId) -> Option<&Series> {
        let metrics = |query: &&Query| matches!(query, Query::CloudWatch(cloudwatch::Read::Metrics { .. }));
        self.asked().filter(metrics).find_map(|query| {
            let (values, _) = self.cw_metrics(query).ok()?;
            values
                .iter()
                .find(|(id, _)| id == wanted)
                .map(|(_, series)| series)
        })
    }

    /// All clusters and node groups.
    pub fn kubernetes(&self) -> Result<&Kubernetes, Unread> {
        whole(self.eks_clusters(&Query::Eks(eks::Read::Clusters))?)
    }

    /// A node group by its cluster and name.
    pub fn nodegroup(&self, cluster: &str, name: &str) -> Result<Option<&Nodegroup>, Unread> {
        let (known, gaps) = self.eks_clusters(&Query::Eks(eks::Read::Clusters))?;
        one((&known.nodegroups, gaps), |group| {
            group.cluster == cluster && group.name == name
        })
    }

    /// The same, to be changed.
    pub fn nodegroup_mut(&mut self, cluster: &str, name: &str) -> Option<&mut Nodegroup> {
        self.eks_clusters_mut(&Query::Eks(eks::Read::Clusters))?
            .nodegroups
            .iter_mut()
            .find(|group| group.cluster == cluster && group.name == name)
    }

    /// An update of a node group; `Ok(None)` if there is none of that id.
    pub fn nodegroup_update(&self, query: &eks::Read) -> Result<Option<&Update>, Unread> {
        Ok(whole(self.eks_update(&Query::Eks(query.clone()))?)?.as_ref())
    }
}

fn function_of(name: &str) -> Query {
    Query::Lambda(lambda::Read::Function {
        name: name.to_owned(),
    })
}
