//! What tasks of a bad revision write: how they start, why they end.

use super::super::plan::ecs::Failure;
use super::super::plan::watch::LogStyle;
use super::super::time::Ms;
use super::lines::{self, Dice};

/// The line that a failing task writes in the given second of its life, if it writes one.
pub fn line(style: LogStyle, dice: &mut Dice, when: (Ms, i64), failure: Failure) -> Option<String> {
    let (at, age) = when;
    match (failure, style) {
        // It never ran.
        (Failure::NoImage | Failure::WrongPlatform, _) => None,
        (Failure::Exits, LogStyle::Nest) => nest(at, age),
        (Failure::Unhealthy, LogStyle::Uvicorn) => uvicorn(dice, age),
        (Failure::Exits, _) => exits(at, age),
        (Failure::Unhealthy, _) => (age > 3 && dice.unit() < 0.6).then(|| lines::line(style, dice, at, true)),
    }
}

fn nest(at: Ms, age: i64) -> Option<String> {
    let log = |level: &str, context: &str, text: &str| {
        Some(format!(
            r#"{{"level":"{level}","time":{at},"pid":1,"context":"{context}","msg":"{text}"}}"#
        ))
    };
    match age {
        0 => log("info", "NestFactory", "Starting Nest application..."),
        1 => log("info", "InstanceLoader", "AppModule dependencies initialized"),
        2 => log("info", "TypeOrmModule", "데이터베이스 연결 중: codemate-db-prod"),
        4 => log("warn", "ConfigModule", "환경 변수 COLLAB_SHARD_KEY 가 비어 있습니다"),
        5 => Some(
            "[Nest] 1  - ERROR [ExceptionHandler] Nest can't resolve dependencies of the CollaborationGateway (SessionService, ?). Please make sure that the argument \"SHARD_KEY\" at index [1] is available in the CollaborationModule context.\n\nPotential solutions:\n- Is CollaborationModule a valid NestJS module?\n    at Injector.lookupComponentInParentModules (/app/node_modules/@nestjs/core/injector/injector.js:254:19)\n    at async Injector.resolveComponentInstance (/app/node_modules/@nestjs/core/injector/injector.js:207:33)\n    at async Injector.loadProvider (/app/node_modules/@nestjs/core/injector/injector.js:99:9)\n    at async /app/dist/협업/collaboration.module.js:41:13".to_owned(),
        ),
        8 => log("error", "Bootstrap", "애플리케이션 시작 실패, 종료 코드 1"),
        _ => None,
    }
}

fn uvicorn(dice: &mut Dice, age: i64) -> Option<String> {
    match age {
        0 => Some("INFO:     Started server process [1]".to_owned()),
        2 => Some("INFO:     Waiting for application startup.".to_owned()),
        4 => Some("WARNING:  모델 레지스트리 스키마 v6 를 읽는 중, 캐시가 비어 있습니다".to_owned()),
        6 => Some("INFO:     Application startup complete.".to_owned()),
        7 => Some("INFO:     Uvicorn running on http://0.0.0.0:9090 (Press CTRL+C to quit)".to_owned()),
        8.. if dice.unit() < 0.35 => Some(format!(
            "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File \"/app/invokeai/app/api/routers/images.py\", line 88, in create_image\n    session = await invoker.services.session_queue.enqueue(batch)\n  File \"/app/invokeai/app/services/session_queue/session_queue_v6.py\", line {}, in enqueue\n    graph = Graph.model_validate(batch.graph)\npydantic_core._pydantic_core.ValidationError: 1 validation error for Graph\nnodes.scheduler\n  Field required [type=missing, input_value={{'id': '작업-{}'}}, input_type=dict]",
            200 + dice.below(90),
            dice.below(100_000)
        )),
        8.. if dice.unit() < 0.7 => Some(format!(
            "INFO:     10.0.{}.{}:{} - \"POST /api/v1/queue/enqueue_batch HTTP/1.1\" 500 Internal Server Error",
            1 + dice.below(2),
            2 + dice.below(240),
            20_000 + dice.below(40_000)
        )),
        _ => None,
    }
}

fn exits(at: Ms, age: i64) -> Option<String> {
    match age {
        0 => Some("시작하는 중…".to_owned()),
        6 => Some(format!(
            "FATAL [{at}] 설정을 읽을 수 없습니다: /etc/app/config.yaml: no such file or directory"
        )),
        _ => None,
    }
}
