//! Ordinary log lines in the styles of the estates' programs: Korean text, JSON, access logs,
//! stack traces over several lines, lines of thousands of characters, and now and then what a
//! terminal must never see.

use super::super::plan::watch::LogStyle;
use super::super::signal;
use super::super::time::{Ms, stamp};

/// Throws that are the same every time.
#[derive(Debug, Clone, Copy)]
pub struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    /// Dice of an event.
    pub fn new(key: [u64; 4]) -> Self {
        Self {
            seed: signal::hash(&key),
            thrown: 0,
        }
    }

    /// What all throws come from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    fn next(&mut self) -> u64 {
        self.thrown += 1;
        signal::hash(&[self.seed, self.thrown])
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in `0..bound`.
    pub fn below(&mut self, bound: i64) -> i64 {
        (self.next() >> 1).cast_signed() % bound.max(1)
    }

    /// One of several, or `None` of none.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let nth = usize::try_from(self.below(i64::try_from(of.len()).ok()?)).ok()?;
        of.get(nth).copied()
    }

    fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).unwrap_or("")
    }

    /// Milliseconds that something took: mostly few, sometimes many.
    fn millis(&mut self) -> i64 {
        let luck = self.unit();
        (8.0 + 400.0 * luck.powi(6) + 60.0 * luck) as i64
    }
}

/// A line of this style.
pub fn line(style: LogStyle, dice: &mut Dice, at: Ms, bad: bool) -> String {
    match dice.below(1_000) {
        0..7 => return dump(dice, at, bad),
        7..11 => return escapes(dice),
        11..14 => return bidi(dice),
        _ => {}
    }
    match style {
        LogStyle::Nest => nest(dice, at, bad),
        LogStyle::Next => next(dice, bad),
        LogStyle::Uvicorn => uvicorn(dice, bad, &IMAGES),
        LogStyle::VideoApi => uvicorn(dice, bad, &VIDEOS),
        LogStyle::ModelServer => uvicorn(dice, bad, &["/health", "/v1/infer", "/v1/infer", "/v1/models"]),
        LogStyle::Endpoint => endpoint(dice, bad),
        LogStyle::Notebook => notebook(dice, at, bad),
        LogStyle::Training => training(dice, at, bad),
        LogStyle::Spring => spring(dice, at, bad),
        LogStyle::Celery => celery(dice, at, bad),
        LogStyle::Postgres => postgres(dice, at, bad),
        LogStyle::Mysql => mysql(dice, at, bad),
        LogStyle::Redis => redis(dice, at),
        LogStyle::Build => build(dice),
        LogStyle::Lambda => lambda(dice, bad),
        LogStyle::Events => events(dice, bad),
        LogStyle::Nginx => nginx(dice, at, bad),
    }
}

const EVENTS: [&str; 12] = [
    "코드 리뷰 요청 수신",
    "협업 세션 참가: 사용자 3명",
    "파일 저장 완료",
    "프로젝트 ZIP 생성 시작",
    "로그인 성공",
    "세션 만료, 다시 로그인 필요",
    "커서 위치 동기화",
    "AI 리뷰 캐시 적중",
    "AI 리뷰 완료: 제안 7건",
    "터미널 세션 시작 🖥️",
    "초대 메일 발송 완료",
    "알림 전송 완료",
];
const FAULTS: [&str; 6] = [
    "데이터베이스 연결 풀 고갈",
    "레디스 연결 끊김, 재시도",
    "업스트림 응답 시간 초과",
    "AI 리뷰 실패: 429 Too Many Requests",
    "웹소켓 핸드셰이크 실패",
    "요청 본문 검증 실패",
];
const ROUTES: [&str; 7] = [
    "/api/projects",
    "/api/files/저장",
    "/health",
    "/api/reviews",
    "/socket.io/",
    "/api/sessions",
    "/api/users/me",
];

fn level(dice: &mut Dice, bad: bool) -> &'static str {
    if bad {
        return "error";
    }
    match dice.below(100) {
        0..6 => "warn",
        6..14 => "debug",
        _ => "info",
    }
}

fn nest(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let level = level(dice, bad);
    let (status, text) = if bad {
        (500 + dice.below(4), dice.word(&FAULTS))
    } else {
        (
            dice.pick(&[200, 200, 200, 201, 304, 404]).unwrap_or(200),
            dice.word(&EVENTS),
        )
    };
    let id = signal::uuid(&[dice.seed(), 1]);
    format!(
        r#"{{"level":"{level}","time":{at},"pid":1,"requestId":"{id}","route":"{}","status":{status},"ms":{},"msg":"{text}"}}"#,
        dice.word(&ROUTES),
        dice.millis() * if bad { 40 } else { 1 }
    )
}

fn next(dice: &mut Dice, bad: bool) -> String {
    if bad {
        return format!(
            " ⨯ Error: 백엔드 응답 없음 (fetch failed)\n    at async getServerSideProps (/app/.next/server/pages/프로젝트/[id].js:1:{})\n  digest: '{}'",
            1_000 + dice.below(9_000),
            signal::decimal(&[dice.seed()], 10)
        );
    }
    format!(
        " {} {} {} {} in {}ms",
        dice.word(&["GET", "GET", "GET", "POST"]),
        dice.word(&[
            "/",
            "/projects",
            "/projects/새-프로젝트",
            "/api/health",
            "/login",
            "/_next/data/목록.json"
        ]),
        dice.pick(&[200, 200, 200, 304, 404]).unwrap_or(200),
        dice.word(&["", "", "(compiled)"]),
        dice.millis()
    )
}

/// What InvokeAI's API is asked for.
const IMAGES: [&str; 6] = [
    "/health",
    "/api/v1/health",
    "/api/v1/images/",
    "/api/v1/queue/default/status",
    "/api/v1/models/?base=sdxl",
    "/api/v1/boards/내-보드",
];
/// What the API of a video pipeline is asked for.
const VIDEOS: [&str; 5] = [
    "/health",
    "/api/videos/업로드",
    "/api/videos/강의-03/status",
    "/api/videos/",
    "/api/jobs/recent",
];

fn uvicorn(dice: &mut Dice, bad: bool, routes: &[&'static str]) -> String {
    if bad && dice.unit() < 0.3 {
        return "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File \"/usr/local/lib/python3.11/site-packages/uvicorn/protocols/http/httptools_impl.py\", line 411, in run_asgi\n    result = await app(\n  File \"/app/routers/업로드.py\", line 57, in create\n    await storage.put(key, body)\nasyncio.exceptions.TimeoutError".to_owned();
    }
    let path = dice.word(routes);
    let status = if bad {
        dice.word(&[
            "500 Internal Server Error",
            "502 Bad Gateway",
            "504 Gateway Timeout",
        ])
    } else {
        dice.word(&["200 OK", "200 OK", "200 OK", "201 Created", "404 Not Found"])
    };
    format!(
        "INFO:     10.0.{}.{}:{} - \"{} {path} HTTP/1.1\" {status}",
        1 + dice.below(2),
        2 + dice.below(240),
        20_000 + dice.below(40_000),
        dice.word(&["GET", "GET", "POST"])
    )
}

/// A container that serves a model: SageMaker asks it for its health, callers for avatars.
fn endpoint(dice: &mut Dice, bad: bool) -> String {
    let from = format!("10.0.{}.{}", 1 + dice.below(2), 2 + dice.below(240));
    if bad {
        let seconds = 10 + dice.below(3);
        if dice.unit() < 0.5 {
            return format!(
                "ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File \"/opt/ml/code/serve.py\", line 88, in invocations\n    mesh = await asyncio.wait_for(model.render(photo), timeout=10)\n  File \"/opt/ml/code/avatar/메시.py\", line 214, in render\n    raise TimeoutError('메시 생성 시간 초과: 정점 {}개')\nTimeoutError: 메시 생성 시간 초과",
                90_000 + dice.below(8_000)
            );
        }
        return format!(
            "INFO:     {from}:8080 - \"POST /invocations HTTP/1.1\" 500 Internal Server Error {seconds}.{}s",
            dice.below(10)
        );
    }
    match dice.below(3) {
        0 => format!("INFO:     {from}:8080 - \"GET /ping HTTP/1.1\" 200 OK"),
        _ => format!("INFO:     {from}:8080 - \"POST /invocations HTTP/1.1\" 200 OK"),
    }
}

fn notebook(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let time = clock(at);
    if bad {
        return format!("[E {time} ServerApp] 커널이 응답하지 않아 다시 시작합니다: 체형-분석.ipynb");
    }
    let what = dice.word(&[
        "Saving file at /체형-분석.ipynb",
        "200 GET /api/sessions",
        "200 GET /api/kernels",
        "Adapting from protocol version 5.1 to 5.3",
    ]);
    format!("[I {time} ServerApp] {what}")
}

fn training(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let time = clock(at);
    if bad {
        return format!(
            "{time} ERROR 학습 데이터 3건을 읽을 수 없어 건너뜁니다: s3://fashion-ai-models/체형/"
        );
    }
    let (epoch, step) = (1 + dice.below(40), dice.below(2_000));
    let loss = 0.15 + 0.2 * dice.unit();
    match dice.below(3) {
        0 => format!("{time} INFO [{epoch}/40][{step}/2000] train:loss={loss:.4} lr=0.0001"),
        1 => format!("{time} INFO 체크포인트 저장: /opt/ml/checkpoints/epoch-{epoch}.pt"),
        _ => format!(
            "{time} INFO [{epoch}/40] validation:fid={:.1}",
            20.0 + 10.0 * loss
        ),
    }
}

/// A moment as Python's programs write it.
fn clock(at: Ms) -> String {
    let time = stamp(at).to_string();
    time.get(..19).unwrap_or_default().replace('T', " ")
}

fn spring(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let level = match level(dice, bad) {
        "error" => "ERROR",
        "warn" => " WARN",
        "debug" => "DEBUG",
        _ => " INFO",
    };
    let (class, text) = if bad {
        dice.pick(&[
            ("c.e.payment.PaymentService", "결제 승인 실패: 카드사 응답 없음"),
            ("c.e.order.OrderService", "재고 차감 락 획득 실패"),
            ("c.e.coupon.CouponService", "쿠폰 재고 조회 실패"),
        ])
    } else {
        dice.pick(&[
            ("c.e.order.OrderService", "주문 처리 완료"),
            ("c.e.order.OrderService", "재고 차감 락 획득 대기"),
            ("c.e.coupon.CouponService", "쿠폰 발급 완료"),
            ("c.e.product.ProductService", "인기 상품 캐시 갱신"),
            ("c.e.auth.SessionFilter", "로그인 성공"),
        ])
    }
    .unwrap_or_default();
    let mut out = format!(
        "{} {level} 1 --- [nio-8080-exec-{}] {class} : {text} orderId={} elapsed={}ms",
        stamp(at),
        1 + dice.below(16),
        1_000_000 + dice.below(9_000_000),
        dice.millis()
    );
    if bad && dice.unit() < 0.6 {
        out.push_str("\n\njava.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms.\n\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)\n\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)\n\tat com.example.주문.OrderRepository.save(OrderRepository.java:41)\n\tat com.example.order.OrderService.place(OrderService.java:118)\n\t... 63 common frames omitted\nCaused by: java.net.SocketTimeoutException: Read timed out");
    }
    out
}

fn celery(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let id = signal::uuid(&[dice.seed(), 2]);
    let time = clock(at);
    if bad {
        return format!(
            "[{time}: ERROR/ForkPoolWorker-1] Task invokeai.generate[{id}] raised unexpected: OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 21.99 GiB')\nTraceback (most recent call last):\n  File \"/app/invokeai/worker/생성.py\", line 204, in denoise\n    latents = self.unet(sample, t, encoder_hidden_states=context).sample\ntorch.OutOfMemoryError: CUDA out of memory."
        );
    }
    let what = match dice.below(4) {
        0 => "received".to_owned(),
        1 => format!(
            "succeeded in {}.{}s: 1024x1024 sdxl",
            21 + dice.below(30),
            dice.below(10)
        ),
        2 => format!(
            "denoise step {}/30 ▏프롬프트: 한복을 입은 고양이, 수채화",
            1 + dice.below(30)
        ),
        _ => "모델 sdxl-base-1.0 캐시 적중".to_owned(),
    };
    format!("[{time}: INFO/ForkPoolWorker-1] Task invokeai.generate[{id}] {what}")
}

fn postgres(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let time = clock(at);
    let pid = 400 + dice.below(4_000);
    if bad {
        return format!(
            "{time} UTC:10.0.11.{}(51324):app@app:[{pid}]:ERROR:  deadlock detected\nDETAIL:  Process {pid} waits for ShareLock on transaction {}; blocked by process {}.",
            dice.below(200),
            dice.below(900_000),
            pid + 3
        );
    }
    format!(
        "{time} UTC::@:[{pid}]:LOG:  {}",
        dice.word(&[
            "checkpoint starting: time",
            "checkpoint complete: wrote 214 buffers (0.2%)",
            "duration: 1834.221 ms  statement: SELECT * FROM 프로젝트 WHERE 소유자 = $1",
            "automatic vacuum of table \"app.public.sessions\": index scans: 1",
        ])
    )
}

fn mysql(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let text = if bad {
        "[ERROR] [MY-012126] [InnoDB] The table '/rdsdbdata/tmp/#sql_1' is full! 디스크 공간을 확인하세요"
    } else {
        dice.word(&[
            "[Note] [MY-010914] [Server] Aborted connection to db: 'ecommerce' user: 'app' (Got timeout reading communication packets)",
            "[Warning] [MY-011825] [InnoDB] Page cleaner took 4211ms to flush 12 pages",
            "[Warning] [MY-010055] [Server] IP address could not be resolved",
        ])
    };
    format!("{} {} {text}", stamp(at), dice.below(9_000))
}

fn redis(dice: &mut Dice, at: Ms) -> String {
    format!(
        "{{\"id\":{},\"timestamp\":{},\"duration_us\":{},\"command\":\"{}\"}}",
        dice.below(900_000),
        at / 1_000,
        10_000 + dice.below(90_000),
        dice.word(&[
            "KEYS session:*",
            "HGETALL product:인기",
            "EVALSHA 재고차감",
            "SMEMBERS room:42"
        ])
    )
}

fn build(dice: &mut Dice) -> String {
    format!(
        "[Container] {}",
        dice.word(&[
            "Running command docker build -t $ECR_REPO:latest -f Dockerfile.prod .",
            "#11 [builder 6/7] RUN yarn build",
            "#11 23.41 ✓ 컴파일 완료 (페이지 42개)",
            "#12 exporting layers",
            "Running command docker push $ECR_REPO:$IMAGE_TAG",
        ])
    )
}

fn lambda(dice: &mut Dice, bad: bool) -> String {
    let id = signal::uuid(&[dice.seed(), 3]);
    if bad {
        return format!(
            "[ERROR] ClientError: An error occurred (NoSuchKey) when calling the GetObject operation: 사용자/전신사진.jpg\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 31, in handler\n    body = s3.get_object(Bucket=bucket, Key=key)['Body'].read()\nRequestId: {id}"
        );
    }
    match dice.below(4) {
        0 => format!("START RequestId: {id} Version: $LATEST"),
        1 => format!("END RequestId: {id}"),
        2 => format!(
            "REPORT RequestId: {id}\tDuration: {}.{:02} ms\tBilled Duration: 900 ms\tMemory Size: 512 MB\tMax Memory Used: {} MB",
            600 + dice.below(400),
            dice.below(100),
            180 + dice.below(120)
        ),
        _ => "이미지 크기 조정 완료: 1024x1536 → 512x768".to_owned(),
    }
}

fn events(dice: &mut Dice, bad: bool) -> String {
    let id = signal::uuid(&[dice.seed(), 3]);
    let records = 60 + dice.below(41);
    if bad {
        return format!(
            "[WARNING] {id} 추천 모델 응답 지연: 상품마다 호출 {records}회, {}.{} s",
            11 + dice.below(4),
            dice.below(10)
        );
    }
    match dice.below(3) {
        0 => format!("START RequestId: {id} Version: $LATEST"),
        1 => format!("END RequestId: {id}"),
        _ => format!("[INFO] {id} 클릭 기록 {records}건 저장"),
    }
}

fn nginx(dice: &mut Dice, at: Ms, bad: bool) -> String {
    format!(
        "10.0.{}.{} - - [{}] \"GET {} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0\"",
        1 + dice.below(2),
        2 + dice.below(240),
        stamp(at).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        dice.word(&[
            "/",
            "/상품/한정판-운동화",
            "/static/app.js",
            "/actuator/health",
            "/api/cart"
        ]),
        if bad { 502 } else { 200 },
        300 + dice.below(60_000)
    )
}

/// A JSON line of thousands of characters.
fn dump(dice: &mut Dice, at: Ms, bad: bool) -> String {
    let fields = 90 + dice.below(260);
    let mut out = format!(
        r#"{{"level":"{}","time":{at},"msg":"요청 본문 덤프","requestId":"{}","payload":{{"#,
        if bad { "error" } else { "info" },
        signal::uuid(&[dice.seed(), 4])
    );
    for field in 0..fields {
        if field > 0 {
            out.push(',');
        }
        let value = "값".repeat(1 + usize::try_from(dice.below(9)).unwrap_or_default());
        out.push_str(&format!(r#""필드_{field}":"{value}""#));
    }
    out.push_str("}}");
    out
}

fn escapes(dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => "\u{1b}[31mERROR\u{1b}[0m 색상 코드가 섞인 줄\t탭\t끝".to_owned(),
        1 => "\u{1b}]0;제목을 바꾸려는 줄\u{7}\u{1b}[2J\u{1b}[H 화면을 지우려는 줄".to_owned(),
        _ => "\u{1b}[38;5;208m⚠ 경고\u{1b}[m 진행률 42%\r진행률 43%\u{8}\u{8}".to_owned(),
    }
}

fn bidi(dice: &mut Dice) -> String {
    match dice.below(2) {
        0 => "업로드 파일 이름: 사진\u{202e}gpj.exe (사용자 제공)".to_owned(),
        _ => "사용자 \u{2066}ניסוי\u{2069} 로그인\u{200b} 성공\u{feff}".to_owned(),
    }
}
