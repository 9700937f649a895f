//! Cores with a defect, and cores that fail: what is said of them, and how they are debugged.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use sca_bridge::lines::{Answer, Question, schema};
use serde_json::Value;

use super::{common, ensure, folder, has, python, sca_sim, told};

/// The defects that the explorer finds, and how long the shrunk scenario may be.
const FOUND_BY_EXPLORER: &[&str] = &[
    "no-growth",
    "no-cap",
    "ignores-retry-after",
    "dials-twice",
    "gives-up",
    "keeps-pausing",
    "no-loss-report",
    "silent-after-loss",
    "answers-on-old",
    "no-pong-watch",
    "no-limit",
    "deaf-after-loss",
];
/// The defects, each with a scenario whose sweep finds it.
const FOUND_BY_SWEEP: &[(&str, Swept)] = &[
    ("no-growth", Swept::Bundled(EXPLORED)),
    ("no-cap", Swept::Own(LONG_OUTAGE)),
    // An injection makes no broker ask for a pause, so the scenario that has one fails without.
    ("ignores-retry-after", Swept::FailsAlone("scenarios/handshake/retry_after.sca")),
    ("dials-twice", Swept::Bundled("scenarios/counter/asked_before.sca")),
    ("gives-up", Swept::Own(LONG_OUTAGE)),
    ("keeps-pausing", Swept::Bundled("scenarios/disconnects/no_tight_loop.sca")),
    ("no-loss-report", Swept::Bundled(EXPLORED)),
    ("silent-after-loss", Swept::Bundled(EXPLORED)),
    ("answers-on-old", Swept::Bundled(EXPLORED)),
    ("no-pong-watch", Swept::Bundled("scenarios/counter/asked_before.sca")),
    ("no-limit", Swept::Bundled("scenarios/counter/asked_before.sca")),
    ("deaf-after-loss", Swept::Bundled(EXPLORED)),
];

/// What is swept: a scenario of the project, one that fails before it is swept, or one written for it.
#[derive(Clone, Copy)]
enum Swept {
    FailsAlone(&'static str),
    Bundled(&'static str),
    Own(&'static str),
}

/// Six attempts are refused; one loss more, and the next pause is the seventh.
const LONG_OUTAGE: &str = "scenario \"A broker that is away for a minute\"\n\nfault refuse for 1m\nterminal connects  \
                           after failures  within 5m\npos -> terminal  ADMIN GET_COUNTER  as ask\nterminal -> pos  \
                           RESULT=OK  re ask\n";
/// The defects that only the laws find: no broker of the explorer answers so, and no network delivers so late.
const FOUND_BY_LAWS_ALONE: &[&str] = &["old-connection", "accepts-any-key"];
const LINES_MAX: usize = 15;

/// What a core answers with, and what is said of it.
const FAILURES: &[(&str, &str, &str)] = &[
    ("exits", "head -c 1 >/dev/null; echo oh no >&2; exit 3", "it exited with exit status: 3"),
    ("says nothing", "sleep 60", "it gave no answer within"),
    ("says no JSON", "read line; echo hello; sleep 60", "its answer is not JSON"),
    ("answers init with outputs", "read line; echo '{\"outputs\":[]}'; sleep 60", "`init` is answered by `ok`"),
    (
        "is killed",
        "read line; echo '{\"ok\":{\"name\":\"x\",\"level\":\"documents\"}}'; read line; kill -9 $$",
        "it was ended by signal 9",
    ),
    (
        "gives an unknown output",
        "read line; echo '{\"ok\":{\"name\":\"x\",\"level\":\"documents\"}}'; read line; echo \
         '{\"outputs\":[{\"fly\":{}}]}'; sleep 60",
        "the output {\"fly\":{}} cannot be read",
    ),
    (
        "speaks without being asked",
        "read line; printf '{\"ok\":{\"name\":\"x\",\"level\":\"documents\"}}\\n{\"outputs\":[]}\\n'; sleep 60",
        "it wrote this line without being asked",
    ),
    (
        "gives a reason that is none",
        "read line; echo '{\"ok\":{\"name\":\"x\",\"level\":\"documents\"}}'; read line; echo \
         '{\"outputs\":[{\"report\":{\"link\":\"fails\",\"reason\":\"bad luck\"}}]}'; sleep 60",
        "`bad luck` is no reason",
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let (is_there, aside) = match has("python3") {
        true => (true, ""),
        false => (false, " (not run: no python3 on this machine)"),
    };
    let mut all = Vec::new();
    let mut add = |name: String, run: Box<dyn FnOnce() -> Result<(), Failed> + Send>| {
        all.push(Trial::test(format!("{name}{aside}"), run).with_ignored_flag(!is_there));
    };
    for defect in FOUND_BY_EXPLORER {
        add(format!("the explorer finds and shrinks {defect}"), Box::new(|| explored(defect)));
    }
    for (defect, what) in FOUND_BY_SWEEP {
        add(format!("a sweep finds and shrinks {defect}"), Box::new(|| swept(defect, *what)));
    }
    for defect in FOUND_BY_EXPLORER.iter().chain(FOUND_BY_LAWS_ALONE) {
        add(format!("the laws find {defect}"), Box::new(|| checked(defect)));
    }
    add("nothing is found in the sample itself".to_owned(), Box::new(nothing_found));
    add("a core of bytes ends its connection before it reports".to_owned(), Box::new(unended));
    add("a kept conversation is asked again".to_owned(), Box::new(asked_again));
    add("no key is in what is kept or said of a core that has its own TLS".to_owned(), Box::new(withheld));
    for (name, command, said) in FAILURES {
        all.push(Trial::test(format!("a core that {name} is an error"), || failed(command, said)));
    }
    all.push(Trial::test("what a core does not support is inapplicable", unsupported));
    all.push(Trial::test("a core that answers otherwise the second time is found by the audit", audited));
    all.push(Trial::test("no card number is in what is kept or said of a core", masked));
    all.push(Trial::test("the schema in the repository is that of the types", schema_is_kept));
    all
}

const EXPLORED: &str = "scenarios/disconnects/cut_while_idle.sca";

fn explored(defect: &str) -> Result<(), Failed> {
    let to = folder(&format!("explored-{defect}"));
    let core = python(Some(defect));
    let folder = to.display().to_string();
    let output = sca_sim(&["explore", EXPLORED, "--seeds", "150", "--core", &core, "--failures", &folder]);
    ensure(output.status.code() == Some(1), || format!("nothing was found: {}", told(&output)))?;
    let (path, lines) = shortest(&to)?;
    ensure(lines < LINES_MAX, || format!("{} has {lines} lines", path.display()))?;
    // The finding fails with the defect, and passes its laws without.
    let again = sca_sim(&["run", &path.display().to_string(), "--core", &core, "--failures", &folder]);
    ensure(again.status.code() == Some(1), || format!("it does not fail again: {}", told(&again)))
}

fn swept(defect: &str, what: Swept) -> Result<(), Failed> {
    let to = folder(&format!("swept-{defect}"));
    let scenario = match what {
        Swept::Bundled(path) | Swept::FailsAlone(path) => path.to_owned(),
        Swept::Own(text) => {
            let path = folder(&format!("swept-own-{defect}")).join("own.sca");
            fs::write(&path, text)?;
            path.display().to_string()
        }
    };
    let (core, failures) = (python(Some(defect)), to.display().to_string());
    let output = sca_sim(&["sweep", &scenario, "--core", &core, "--failures", &failures]);
    let told = told(&output);
    if let Swept::FailsAlone(_) = what {
        let is_told = told.contains("not swept: it does not pass without an injection");
        return ensure(output.status.code() == Some(1) && is_told, || told);
    }
    // It was swept, so it passes without an injection.
    let is_found = !told.contains(" 0 broken") && !told.contains("not swept");
    ensure(output.status.code() == Some(1) && is_found, || told.clone())?;
    let lines = shortest(&to)?.1;
    ensure(lines < LINES_MAX, || format!("the shortest of {} has {lines} lines", to.display()))
}

/// The shortest scenario in a folder, and its lines.
fn shortest(folder: &Path) -> Result<(PathBuf, usize), Failed> {
    let written = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let lengths = written.filter_map(|path| Some((fs::read_to_string(&path).ok()?.lines().count(), path)));
    let (lines, path) = lengths.min().ok_or("no scenario was written")?;
    Ok((path, lines))
}

fn checked(defect: &str) -> Result<(), Failed> {
    let output = sca_sim(&["core", "check", "--core", &python(Some(defect))]);
    let told = told(&output);
    ensure(output.status.code() == Some(1) && told.contains("laws: broken"), || told.clone())
}

fn nothing_found() -> Result<(), Failed> {
    let (core, to) = (python(None), folder("nothing").display().to_string());
    for command in [&["explore", EXPLORED, "--seeds", "150"][..], &["sweep", EXPLORED]] {
        let output = sca_sim(&[command, &["--core", &core, "--failures", &to]].concat());
        ensure(output.status.success(), || told(&output))?;
    }
    let audit = sca_sim(&["run", "--audit", "scenarios/disconnects", "--core", &core]);
    ensure(audit.status.success() && told(&audit).contains("0 diverge"), || told(&audit))
}

/// Asks a failing run's questions again: the same core answers the same, a mended one otherwise, at a line that is named.
fn asked_again() -> Result<(), Failed> {
    let to = folder("asked-again");
    let failures = to.display().to_string();
    let defect = python(Some("ignores-retry-after"));
    let run = sca_sim(&["run", "scenarios/handshake/retry_after.sca", "--core", &defect, "--failures", &failures]);
    ensure(run.status.code() == Some(1), || told(&run))?;
    let kept = to.join("scenarios/handshake/retry_after-1/conversation-0.jsonl");
    let text = fs::read_to_string(&kept).map_err(|error| format!("{}: {error}\n{}", kept.display(), told(&run)))?;
    ensure(text.lines().count() > 5, || text.clone())?;
    // Every line is what the types say, and nothing more.
    for line in text.lines() {
        let kept: Value = serde_json::from_str(line)?;
        let question: Question = serde_json::from_value(kept["question"].clone())?;
        let answer: Answer = serde_json::from_value(kept["answer"].clone())?;
        ensure(serde_json::to_value(&question)? == kept["question"], || line.to_owned())?;
        ensure(serde_json::to_value(&answer)? == kept["answer"], || line.to_owned())?;
    }
    let kept = kept.display().to_string();
    let same = sca_sim(&["core", "replay", &kept, "--core", &defect]);
    ensure(same.status.success() && told(&same).contains("every answer is the same"), || told(&same))?;
    let mended = sca_sim(&["core", "replay", &kept, "--core", &python(None)]);
    let said = told(&mended);
    ensure(mended.status.code() == Some(1) && said.contains("the core answers otherwise"), || said.clone())?;
    ensure(said.contains("\"answered\"") && said.contains("kept:") && said.contains("now:"), || said.clone())
}

fn failed(command: &str, said: &str) -> Result<(), Failed> {
    let core = ["sh -c '", &command.replace('\'', "'\\''"), "'"].concat();
    let (limit, to) = ("500ms", folder("failed").display().to_string());
    let scenario = "scenarios/counter/asked_before.sca";
    let core_option = ["run", scenario, "--core", &core, "--core-timeout", limit, "--failures", &to];
    let output = sca_sim(&core_option);
    let told = told(&output);
    ensure(output.status.code() == Some(1), || format!("{:?}: {told}", output.status))?;
    ensure(told.contains(said), || format!("`{said}` is missing: {told}"))?;
    ensure(told.contains("question: {") && told.contains("--core "), || told.clone())
}

fn unsupported() -> Result<(), Failed> {
    let command = "sh -c 'while read line; do echo \"{\\\"unsupported\\\":\\\"no TLS here\\\"}\"; done'";
    let to = folder("unsupported").display().to_string();
    let output = sca_sim(&["run", "scenarios/counter/asked_before.sca", "--core", command, "--failures", &to]);
    let told = told(&output);
    ensure(told.contains("inapplicable: the core does not support this: no TLS here"), || told.clone())?;
    // Nothing was played, which is no success.
    ensure(output.status.code() == Some(1), || format!("{:?}: {told}", output.status))
}

/// A core that draws chance of its own: the audit shows the first line that differs.
fn audited() -> Result<(), Failed> {
    let core = "python3 -c \"import random,runpy,sys;sys.argv=['x'];m=runpy.run_path('tests/cores/python/client_core.py');\
                m['main'].__globals__['random'].Random=lambda seed:random.SystemRandom();m['main']()\"";
    let output = sca_sim(&["run", "--audit", "scenarios/disconnects/boot_backoff.sca", "--core", core]);
    let told = told(&output);
    ensure(output.status.code() == Some(1) && told.contains("diverge at event"), || told.clone())?;
    // Two runs that end in the same error are no proof that a core answers the same.
    let gone = sca_sim(&["run", "--audit", "scenarios/disconnects/boot_backoff.sca", "--core", "sh -c 'exit 3'"]);
    let told = self::told(&gone);
    ensure(gone.status.code() == Some(1) && told.contains("1 ended with an error"), || told.clone())
}

/// A sale with a card number in the request, in the hands of a core that fails after it: neither the message nor what is
/// kept of the conversation has the number.
fn masked() -> Result<(), Failed> {
    let to = folder("masked");
    let scenario = to.join("card.sca");
    fs::write(
        &scenario,
        "scenario \"A card number\"\n\nterminal connects\npos -> terminal  as ask\n  <TRANSACTION><FUNCTION_TYPE>PAYMENT\
         </FUNCTION_TYPE><COMMAND>CAPTURE</COMMAND><CARD_NUMBER>4111111111111111</CARD_NUMBER></TRANSACTION>\n\
         terminal -> pos  RESULT=NONE  re ask\n",
    )?;
    let core = "python3 -c \"import runpy,sys;sys.argv=['x'];m=runpy.run_path('tests/cores/python/client_core.py');\
                m['Core'].link_text=lambda self,text:[{'fly':{'text':text}}];m['main']()\"";
    let failures = to.join("failures");
    for (core, said) in [(core, "the output {\"fly\""), (&python(None), "unexpected message")] {
        let path = scenario.display().to_string();
        let output = sca_sim(&["run", &path, "--core", core, "--failures", &failures.display().to_string()]);
        let told = told(&output);
        ensure(output.status.code() == Some(1) && told.contains(said), || told.clone())?;
        ensure(!told.contains("4111111111111111"), || told.clone())?;
    }
    let kept = texts_below(failures)?;
    ensure(kept.iter().any(|(is_conversation, _)| *is_conversation), || "nothing was kept".to_owned())?;
    let found = kept.iter().find(|(_, text)| text.contains("4111111111111111"));
    found.map_or(Ok(()), |(_, text)| Err(text.clone().into()))
}

/// A core that is given a key and fails over it: neither the message nor what is kept of the conversation has the key.
fn withheld() -> Result<(), Failed> {
    let core = "python3 -c \"import runpy;m=runpy.run_path('tests/cores/python/client_core.py');C=m['Core'];\
                C.link_opened=lambda self,**given:[{'fly':given}];\
                m['serve'](lambda init:C(init),{'name':'x','level':'bytes'})\"";
    let failures = folder("withheld");
    let scenario = "scenarios/trust/mutual.sca";
    let to = failures.display().to_string();
    let output = sca_sim(&["run", scenario, "--core", core, "--core-level", "bytes", "--failures", &to]);
    let told = told(&output);
    ensure(output.status.code() == Some(1) && told.contains("the output {\"fly\""), || told.clone())?;
    let kept = texts_below(failures)?;
    let has_material = kept.iter().any(|(is_conversation, text)| *is_conversation && text.contains("\"certificate\""));
    ensure(has_material, || "no conversation with what TLS works with was kept".to_owned())?;
    for text in kept.iter().map(|(_, text)| text).chain([&told]) {
        ensure(!text.contains("PRIVATE KEY"), || text.clone())?;
    }
    Ok(())
}

/// A core of bytes that reports a failure and leaves its connection open is an error that says what is missing.
fn unended() -> Result<(), Failed> {
    let core = "python3 -c \"import runpy;m=runpy.run_path('tests/cores/python/client_core.py');C=m['Core'];\
                C.link_opened=lambda self,**given:self.fail('tls other');\
                m['serve'](lambda init:C(init),{'name':'x','level':'bytes'})\"";
    let to = folder("unended").display().to_string();
    let scenario = "scenarios/counter/asked_before.sca";
    let output = sca_sim(&["run", scenario, "--core", core, "--core-level", "bytes", "--failures", &to]);
    let told = told(&output);
    let is_said = told.contains("`end` or `reset` comes before the report");
    ensure(output.status.code() == Some(1) && is_said, || told)
}

/// The texts in a folder and those below it, each with whether it is a conversation.
fn texts_below(folder: PathBuf) -> Result<Vec<(bool, String)>, Failed> {
    let (mut texts, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_conversation = path.extension().is_some_and(|extension| extension == "jsonl");
            texts.push((is_conversation, fs::read_to_string(&path)?));
        }
    }
    Ok(texts)
}

fn schema_is_kept() -> Result<(), Failed> {
    let path = common::root().join("sim/docs/core-protocol.schema.json");
    let kept: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
    ensure(kept == schema(), || {
        "write it anew: cargo run -q -- core schema > sim/docs/core-protocol.schema.json".to_owned()
    })
}
