//! Reads of AWS Lambda: functions with their aliases, reservations and event sources. Listings carry
//! environment variables; nothing of those is taken over.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_lambda::types::{
    AliasConfiguration, EventSourceMappingConfiguration, FunctionConfiguration, LoggingConfig, Runtime, State,
};
use futures_util::future::join4;

use super::listing::{of_part, reply};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{count, tag, text};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::function::{
    AccountConcurrency, Alias, EventSource, Function, Functions, Reserved, Routing, Version,
};
use crate::domain::ids::Tag;
use crate::domain::ops::lambda::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::policy::Selection;

const LIST: Operation = Operation::new("lambda", "ListFunctions");
const CONFIGURATION: Operation = Operation::new("lambda", "GetFunctionConfiguration");
const MAPPINGS: Operation = Operation::new("lambda", "ListEventSourceMappings");
const ACCOUNT: Operation = Operation::new("lambda", "GetAccountSettings");
const TAGS: Operation = Operation::new("lambda", "ListTags");
const ALIASES: Operation = Operation::new("lambda", "ListAliases");
const CONCURRENCY: Operation = Operation::new("lambda", "GetFunctionConcurrency");
const INVOKE_CONFIG: Operation = Operation::new("lambda", "GetFunctionEventInvokeConfig");
const VERSIONS: Operation = Operation::new("lambda", "ListVersionsByFunction");

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Functions => functions(caller, None).await,
        Read::FunctionsOf(selection) => functions(caller, Some(selection)).await,
        Read::Function { name } => function_named(caller, name).await,
        Read::Versions { function } => versions(caller, function).await,
    }
}

async fn functions(caller: &Caller<'_>, selection: Option<&Selection>) -> Result<Reply, Fault> {
    let Paged {
        items: mut found,
        gap,
    } = listed(caller).await?;
    // What is selected by tag has to be asked for its tags first; names narrow before that.
    if let Some(selection) = selection.filter(|selection| selection.tags.is_empty()) {
        found.retain(|function| {
            let name = function.function_name().unwrap_or_default();
            selection.includes_name(name)
        });
    }
    let mut gaps: Vec<Fault> = gap.into_iter().collect();
    if found.is_empty() {
        return Ok(Reply {
            data: ReplyData::Functions(Functions::default()),
            gaps,
        });
    }
    let sources = match mappings(caller, None).await {
        Ok(listed) => {
            gaps.extend(listed.gap);
            listed.items
        }
        Err(fault) => {
            gaps.push(fault);
            Vec::new()
        }
    };
    let account = match account(caller).await {
        Ok(account) => account,
        Err(fault) => {
            // Without it only the account's limit is not known.
            if !matches!(fault.kind, FaultKind::Unsupported) {
                gaps.push(fault);
            }
            None
        }
    };
    let mut sources = by_function(&sources);
    let asked: Vec<(FunctionConfiguration, Vec<EventSource>)> = found
        .into_iter()
        .map(|function| {
            let own = sources.remove(function.function_arn().unwrap_or_default());
            (function, own.unwrap_or_default())
        })
        .collect();
    let answers = each(asked, |(function, sources)| async move {
        whole(caller, &function, sources).await
    })
    .await;
    let mut functions = Vec::new();
    for answer in answers {
        match answer {
            Ok((function, more)) => {
                functions.push(function);
                gaps.extend(more);
            }
            Err(fault) => gaps.push(fault),
        }
    }
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::Functions(Functions { functions, account }),
        gaps,
    })
}

async fn listed(caller: &Caller<'_>) -> Result<Paged<FunctionConfiguration>, Fault> {
    pages(|marker| async move {
        let call = caller.lambda().list_functions().set_marker(marker);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page.functions.unwrap_or_default(),
            next: page.next_marker,
        })
    })
    .await
}

/// All mappings, or those of one function.
async fn mappings(
    caller: &Caller<'_>,
    function: Option<&str>,
) -> Result<Paged<EventSourceMappingConfiguration>, Fault> {
    pages(|marker| async move {
        let call = caller
            .lambda()
            .list_event_source_mappings()
            .set_function_name(function.map(str::to_owned))
            .set_marker(marker);
        let page = caller.call(MAPPINGS, call.send()).await?;
        Ok(Page {
            items: page.event_source_mappings.unwrap_or_default(),
            next: page.next_marker,
        })
    })
    .await
}

async fn account(caller: &Caller<'_>) -> Result<Option<AccountConcurrency>, Fault> {
    let call = caller.lambda().get_account_settings();
    let answer = caller.call(ACCOUNT, call.send()).await?;
    Ok(answer.account_limit().map(|limit| AccountConcurrency {
        limit: count(limit.concurrent_executions()),
        unreserved: limit.unreserved_concurrent_executions().map(count),
    }))
}

async fn function_named(caller: &Caller<'_>, name: &str) -> Result<Reply, Fault> {
    let call = caller.lambda().get_function_configuration().function_name(name);
    let answer = match caller.call(CONFIGURATION, call.send()).await {
        Ok(answer) => answer,
        Err(fault) if fault.kind == FaultKind::NotFound => {
            return Ok(Reply::whole(ReplyData::Functions(Functions::default())));
        }
        Err(fault) => return Err(fault),
    };
    // The answer has the fields of a listing under a type of its own.
    let function = FunctionConfiguration::builder()
        .set_function_name(answer.function_name)
        .set_function_arn(answer.function_arn)
        .set_runtime(answer.runtime)
        .set_memory_size(answer.memory_size)
        .set_timeout(answer.timeout)
        .set_last_modified(answer.last_modified)
        .set_state(answer.state)
        .set_logging_config(answer.logging_config)
        .set_dead_letter_config(answer.dead_letter_config)
        .build();
    let listed = mappings(caller, Some(name)).await?;
    let sources = by_function(&listed.items)
        .remove(function.function_arn().unwrap_or_default())
        .unwrap_or_default();
    let (function, mut gaps) = whole(caller, &function, sources).await?;
    gaps.extend(listed.gap);
    Ok(Reply {
        data: ReplyData::Functions(Functions {
            functions: vec![function],
            account: None,
        }),
        gaps,
    })
}

/// A function with everything that listings do not say; what could not be read of it is unknown, and why
/// is among the faults.
async fn whole(
    caller: &Caller<'_>,
    listed: &FunctionConfiguration,
    sources: Vec<EventSource>,
) -> Result<(Function, Vec<Fault>), Fault> {
    let (Some(name), Some(arn)) = (listed.function_name(), listed.function_arn()) else {
        return Err(Fault::new(
            FaultKind::Other,
            LIST.service,
            LIST.name,
            "the answer names no function",
        ));
    };
    let (tags, aliases, reserved, on_failure) = join4(
        tags(caller, arn),
        aliases(caller, name),
        reserved(caller, name),
        on_failure(caller, name),
    )
    .await;
    let mut gaps = Vec::new();
    let mut known = function_from_sdk((name, arn), listed, sources);
    known.tags = settle(tags, name, &mut gaps).unwrap_or_default();
    known.aliases = settle(aliases, name, &mut gaps);
    known.reserved = settle(reserved, name, &mut gaps).unwrap_or(Reserved::Unread);
    known.on_failure = settle(on_failure, name, &mut gaps).flatten();
    Ok((known, gaps))
}

/// The value, or a gap that names the function.
fn settle<T>(answer: Result<T, Fault>, name: &str, gaps: &mut Vec<Fault>) -> Option<T> {
    answer.map_err(|fault| gaps.push(of_part(fault, name))).ok()
}

async fn tags(caller: &Caller<'_>, arn: &str) -> Result<Vec<Tag>, Fault> {
    let call = caller.lambda().list_tags().resource(arn);
    let answer = caller.call(TAGS, call.send()).await?;
    let mut tags: Vec<Tag> = answer
        .tags
        .unwrap_or_default()
        .iter()
        .map(|(key, value)| tag(Some(key), Some(value)))
        .collect();
    tags.sort();
    Ok(tags)
}

async fn aliases(caller: &Caller<'_>, name: &str) -> Result<Vec<Alias>, Fault> {
    let listed = pages(|marker| async move {
        let call = caller
            .lambda()
            .list_aliases()
            .function_name(name)
            .set_marker(marker);
        let page = caller.call(ALIASES, call.send()).await?;
        Ok(Page {
            items: page.aliases().iter().filter_map(alias_from_sdk).collect(),
            next: page.next_marker,
        })
    })
    .await?;
    match listed.gap {
        Some(gap) => Err(gap),
        None => Ok(listed.items),
    }
}

async fn reserved(caller: &Caller<'_>, name: &str) -> Result<Reserved, Fault> {
    let call = caller.lambda().get_function_concurrency().function_name(name);
    let answer = caller.call(CONCURRENCY, call.send()).await?;
    Ok(answer
        .reserved_concurrent_executions
        .map_or(Reserved::Nothing, |reserved| Reserved::Of(count(reserved))))
}

/// Where failed events go; a function that was never configured for asynchronous calls has no such thing.
async fn on_failure(caller: &Caller<'_>, name: &str) -> Result<Option<String>, Fault> {
    let call = caller
        .lambda()
        .get_function_event_invoke_config()
        .function_name(name);
    match caller.call(INVOKE_CONFIG, call.send()).await {
        Ok(answer) => {
            let config = answer.destination_config();
            let target = config
                .and_then(aws_sdk_lambda::types::DestinationConfig::on_failure)
                .and_then(aws_sdk_lambda::types::OnFailure::destination);
            Ok(text(target))
        }
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn function_from_sdk(
    (name, arn): (&str, &str),
    listed: &FunctionConfiguration,
    sources: Vec<EventSource>,
) -> Function {
    Function {
        arn: arn.to_owned(),
        name: name.to_owned(),
        runtime: text(listed.runtime().map(Runtime::as_str)),
        memory_mib: listed.memory_size().map(count),
        timeout_s: listed.timeout().map(count),
        modified_at: listed.last_modified().and_then(moment),
        state: text(listed.state().map(State::as_str)),
        log_group: text(listed.logging_config().and_then(LoggingConfig::log_group))
            .unwrap_or_else(|| format!("/aws/lambda/{name}")),
        dead_letter: text(
            listed
                .dead_letter_config()
                .and_then(aws_sdk_lambda::types::DeadLetterConfig::target_arn),
        ),
        on_failure: None,
        aliases: None,
        reserved: Reserved::Unread,
        sources,
        tags: Vec::new(),
    }
}

/// `2026-11-21T02:00:00.000+0000`, which lacks the colon that ISO 8601 wants.
fn moment(text: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)
        .and_then(|broken| broken.to_timestamp())
        .ok()
        .or_else(|| text.parse().ok())
}

fn alias_from_sdk(alias: &AliasConfiguration) -> Option<Alias> {
    let weights: BTreeMap<String, f64> = alias
        .routing_config()
        .and_then(aws_sdk_lambda::types::AliasRoutingConfiguration::additional_version_weights)
        .into_iter()
        .flatten()
        .map(|(version, share)| (version.clone(), *share))
        .collect();
    Some(Alias {
        name: alias.name()?.to_owned(),
        routing: Routing {
            version: alias.function_version()?.to_owned(),
            weights,
        },
        revision: text(alias.revision_id()),
        description: text(alias.description()),
    })
}

/// Mappings by the ARN of the function without version or alias.
fn by_function(mappings: &[EventSourceMappingConfiguration]) -> HashMap<String, Vec<EventSource>> {
    let mut sources: HashMap<String, Vec<EventSource>> = HashMap::new();
    for mapping in mappings {
        if let (Some(arn), Some(source)) = (mapping.function_arn(), source_from_sdk(mapping)) {
            sources.entry(unqualified(arn)).or_default().push(source);
        }
    }
    for own in sources.values_mut() {
        own.sort_by(|a, b| (a.name(), &a.id).cmp(&(b.name(), &b.id)));
    }
    sources
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME` of an ARN that may go on with a version or an alias.
fn unqualified(arn: &str) -> String {
    arn.split(':').take(7).collect::<Vec<_>>().join(":")
}

fn source_from_sdk(mapping: &EventSourceMappingConfiguration) -> Option<EventSource> {
    Some(EventSource {
        id: mapping.uuid()?.to_owned(),
        source: text(mapping.event_source_arn()),
        state: mapping.state()?.to_owned(),
        reason: text(mapping.state_transition_reason()),
        last_result: text(mapping.last_processing_result()),
        batch_size: mapping.batch_size().map(count),
    })
}

async fn versions(caller: &Caller<'_>, function: &str) -> Result<Reply, Fault> {
    let mut listed = pages(|marker| async move {
        let call = caller
            .lambda()
            .list_versions_by_function()
            .function_name(function)
            .set_marker(marker);
        let page = caller.call(VERSIONS, call.send()).await?;
        Ok(Page {
            items: page.versions().iter().filter_map(version_from_sdk).collect(),
            next: page.next_marker,
        })
    })
    .await?;
    listed
        .items
        .sort_by_key(|version| std::cmp::Reverse(version.number));
    Ok(reply(listed, ReplyData::FunctionVersions))
}

/// A published version; `$LATEST` is none.
fn version_from_sdk(version: &FunctionConfiguration) -> Option<Version> {
    Some(Version {
        number: version.version()?.parse().ok()?,
        modified_at: version.last_modified().and_then(moment),
        description: text(version.description()),
        code_sha256: text(version.code_sha256()),
        runtime: text(version.runtime().map(Runtime::as_str)),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::types::{AliasRoutingConfiguration, EnvironmentResponse};
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let details = [TAGS, ALIASES, CONCURRENCY, INVOKE_CONFIG];
        let all = [&[LIST, MAPPINGS, ACCOUNT], &details[..]].concat();
        assert_eq!(Read::Functions.operations(), all);
        assert_eq!(Read::FunctionsOf(Selection::default()).operations(), all);
        let one = [&[CONFIGURATION, MAPPINGS], &details[..]].concat();
        assert_eq!(Read::Function { name: String::new() }.operations(), one);
        assert_eq!(
            Read::Versions {
                function: String::new()
            }
            .operations(),
            [VERSIONS]
        );
    }

    #[test]
    fn a_function_is_taken_over_without_its_environment() {
        let environment = EnvironmentResponse::builder()
            .variables("DB_PASSWORD", "hunter2")
            .build();
        let listed = FunctionConfiguration::builder()
            .function_name("resize")
            .function_arn("arn:aws:lambda:us-east-1:1:function:resize")
            .runtime(Runtime::from("python3.13"))
            .memory_size(512)
            .timeout(30)
            .last_modified("2026-11-20T14:02:11.000+0000")
            .environment(environment)
            .build();
        let function = function_from_sdk(
            ("resize", "arn:aws:lambda:us-east-1:1:function:resize"),
            &listed,
            Vec::new(),
        );
        assert_eq!(function.runtime.as_deref(), Some("python3.13"));
        assert_eq!(function.modified_at, "2026-11-20T14:02:11Z".parse().ok());
        assert_eq!(function.log_group, "/aws/lambda/resize");
        assert_eq!(function.reserved, Reserved::Unread);
        assert!(!format!("{function:?}").contains("hunter2"));
    }

    #[test]
    fn an_alias_keeps_its_weights_and_latest_is_no_version() {
        let routing = AliasRoutingConfiguration::builder()
            .additional_version_weights("7", 0.1)
            .build();
        let alias = AliasConfiguration::builder()
            .name("live")
            .function_version("6")
            .routing_config(routing)
            .build();
        let alias = alias_from_sdk(&alias).unwrap();
        assert_eq!(alias.routing.words(), "6, 10% to 7");
        let version = |number: &str| {
            version_from_sdk(&FunctionConfiguration::builder().version(number).build())
                .map(|version| version.number)
        };
        assert_eq!((version("$LATEST"), version("12")), (None, Some(12)));
    }

    #[test]
    fn mappings_find_their_function_whatever_it_is_called_through() {
        let mapping = EventSourceMappingConfiguration::builder()
            .uuid("1f")
            .state("Enabled")
            .event_source_arn("arn:aws:sqs:us-east-1:1:jobs")
            .function_arn("arn:aws:lambda:us-east-1:1:function:resize:live")
            .build();
        let sources = by_function(&[mapping]);
        let own = &sources["arn:aws:lambda:us-east-1:1:function:resize"];
        assert_eq!((own.len(), own[0].name()), (1, "jobs"));
    }
}
