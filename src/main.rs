//! `qd`: arguments → console or command → exit code. The only place that makes a cloud.

use std::process::ExitCode;
use std::sync::Arc;

use quarterdeck::cli::launch::Place;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::Demo;
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::engine::host::EngineHost;

fn main() -> ExitCode {
    quarterdeck::cli::run(std::env::args_os(), make).into()
}

/// Makes the cloud of a place.
fn make(
    place: &Place,
    read_only: Arc<ReadOnlySwitch>,
    host: Arc<EngineHost>,
) -> anyhow::Result<Arc<dyn Cloud>> {
    match place {
        Place::Demo { settings, log } => Ok(Arc::new(Demo::new(
            host,
            *settings,
            Box::new(log.clone()),
            read_only,
        )?)),
        #[cfg(feature = "aws")]
        Place::Aws {
            endpoint_url,
            probe_documents,
            runbooks,
        } => {
            use quarterdeck::cloud::aws::{Aws, AwsSettings};
            use quarterdeck::engine::exec::Local;
            let settings = AwsSettings {
                endpoint_url: endpoint_url.clone(),
                read_only: read_only.clone(),
                probe_documents: probe_documents.clone(),
                command_documents: runbooks.documents.clone(),
                ..AwsSettings::default()
            };
            let aws = Arc::new(Aws::new(host, settings));
            Ok(Local::around(aws, runbooks.programs.clone(), read_only))
        }
        #[cfg(not(feature = "aws"))]
        // Refused before it comes to this.
        Place::Aws { .. } => anyhow::bail!("{}", quarterdeck::cli::launch::NO_AWS),
    }
}
