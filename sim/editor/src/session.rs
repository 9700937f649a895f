//! A session with an editor over the language server protocol: the open texts, and the answers to requests.

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};
use std::path::{Component, Path, PathBuf};

use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Exit, Notification as _,
    PublishDiagnostics,
};
use lsp_types::request::{Completion, Formatting, HoverRequest, Initialize, Request as _, Shutdown};
use lsp_types::{
    CompletionOptions, CompletionParams, CompletionResponse, Diagnostic, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentFormattingParams, Hover, HoverContents, HoverParams,
    HoverProviderCapability, InitializeResult, MarkupContent, MarkupKind, OneOf, Position, PublishDiagnosticsParams,
    Range, ServerCapabilities, TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextEdit, Uri,
};
use sca_model::Span;

use crate::complete::complete;
use crate::diagnostics::diagnose;
use crate::hover::hover;
use crate::positions::{chars_before, path_of, range_of};

/// An error that ends a session early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A message has no Content-Length.
    #[error("a message has no Content-Length")]
    Header,
    /// A message exceeds the size limit; carries its size in bytes.
    #[error("a message has {0} bytes, at most {MESSAGE_MAX} are allowed")]
    TooLong(usize),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The maximum number of open texts in a session.
const OPEN_MAX: usize = 1_000;

/// The maximum size of a message, in bytes.
const MESSAGE_MAX: usize = 64 << 20;
/// The maximum size of a header line, in bytes.
const HEADER_MAX: u64 = 4_096;

/// Runs the language server on standard input and output until the editor ends the session.
///
/// Returns whether the editor ended it as the protocol requires: `shutdown`, then `exit`.
///
/// # Errors
/// [`ServeError`] if a message cannot be framed, or reading or writing fails.
pub fn serve() -> Result<bool, ServeError> {
    serve_on(&mut std::io::stdin().lock(), &mut std::io::stdout().lock())
}

fn serve_on(from: &mut impl BufRead, to: &mut impl Write) -> Result<bool, ServeError> {
    let mut session = Session { texts: BTreeMap::new(), phase: Phase::Before, clauses: sca_protocol::clauses::ids() };
    while let Some(message) = read(from)? {
        let answers = match message {
            Err(why) => {
                // The request that this would answer is unknown, so its id is null.
                let error = serde_json::json!({ "code": ErrorCode::ParseError as i32, "message": why });
                let answer = serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
                write!(to, "Content-Length: {}\r\n\r\n{answer}", answer.len())?;
                Vec::new()
            }
            Ok(Message::Request(request)) => vec![Message::Response(session.answer(request))],
            Ok(Message::Notification(heard)) if heard.method == Exit::METHOD => {
                return Ok(session.phase == Phase::After);
            }
            Ok(Message::Notification(heard)) => session.hear(heard),
            Ok(Message::Response(_)) => Vec::new(),
        };
        for answer in answers {
            answer.write(to)?;
        }
        to.flush()?;
    }
    Ok(session.phase == Phase::After)
}

/// Reads the next message, or the reason why it is invalid; none at the end of input. Its length is checked before the
/// body is read.
fn read(from: &mut impl BufRead) -> Result<Option<Result<Message, String>>, ServeError> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.by_ref().take(HEADER_MAX).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            field => {
                let value = field.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                length = value.map(|(_, value)| value.trim().parse::<usize>().unwrap_or(usize::MAX)).or(length);
            }
        }
    }
    let length = length.ok_or(ServeError::Header)?;
    if length > MESSAGE_MAX {
        return Err(ServeError::TooLong(length));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(Some(serde_json::from_slice(&body).map_err(|error| format!("not a valid message: {error}"))))
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(true.into()),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", "=", "{", ">"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

/// The phase of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before `initialize`: all other requests are rejected.
    Before,
    Open,
    /// After `shutdown`: all requests are rejected.
    After,
}

/// Normalizes a path: removes `.` and resolves `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if out.file_name().is_some() => _ = out.pop(),
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

struct Session {
    phase: Phase,
    texts: BTreeMap<String, Open>,
    clauses: Vec<&'static str>,
}

struct Open {
    uri: Uri,
    path: PathBuf,
    text: String,
}

impl Session {
    /// Handles a notification. One that cannot be read is ignored.
    fn hear(&mut self, heard: Notification) -> Vec<Message> {
        let params = heard.params;
        match heard.method.as_str() {
            DidOpenTextDocument::METHOD => match serde_json::from_value::<DidOpenTextDocumentParams>(params) {
                Ok(params) => self.take(params.text_document.uri, params.text_document.text),
                Err(_) => Vec::new(),
            },
            DidChangeTextDocument::METHOD => match serde_json::from_value::<DidChangeTextDocumentParams>(params) {
                Ok(params) => match params.content_changes.into_iter().next_back() {
                    Some(change) => self.take(params.text_document.uri, change.text),
                    None => Vec::new(),
                },
                Err(_) => Vec::new(),
            },
            // A saved table or file may change the problems of other texts.
            DidSaveTextDocument::METHOD => self.published_all(),
            DidCloseTextDocument::METHOD => match serde_json::from_value::<DidCloseTextDocumentParams>(params) {
                Ok(params) => {
                    self.texts.remove(params.text_document.uri.as_str());
                    vec![publish(PublishDiagnosticsParams::new(params.text_document.uri, Vec::new(), None))]
                }
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn take(&mut self, uri: Uri, text: String) -> Vec<Message> {
        let path = path_of(&uri).unwrap_or_else(|| PathBuf::from("untitled.sca"));
        let is_used = sca_scenario::is_library(&text);
        let open = Open { uri, path, text };
        if self.texts.len() >= OPEN_MAX && !self.texts.contains_key(open.uri.as_str()) {
            return vec![self.published(&open)];
        }
        let name = open.uri.as_str().to_owned();
        self.texts.insert(name.clone(), open);
        // A changed library may change the problems of the texts that use it.
        let mut all: Vec<Message> = self.texts.get(&name).map(|open| self.published(open)).into_iter().collect();
        if is_used {
            all.extend(self.texts.values().filter(|open| open.uri.as_str() != name).map(|open| self.published(open)));
        }
        all
    }

    fn published_all(&self) -> Vec<Message> {
        self.texts.values().map(|open| self.published(open)).collect()
    }

    fn published(&self, open: &Open) -> Message {
        publish(PublishDiagnosticsParams::new(open.uri.clone(), self.found(open), None))
    }

    /// The diagnostics of a text; other files are taken from the open texts first, then from disk.
    fn found(&self, open: &Open) -> Vec<Diagnostic> {
        let others = |path: &Path| {
            let path = normalized(path);
            self.texts.values().find(|open| normalized(&open.path) == path).map(|open| open.text.clone())
        };
        diagnose(&open.path, &open.text, &self.clauses, &others)
    }

    fn answer(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let wrong = |code: ErrorCode, what: &str| Response::new_err(id.clone(), code as i32, what.to_owned());
        match (self.phase, request.method.as_str()) {
            (Phase::Before, Initialize::METHOD) => self.phase = Phase::Open,
            (Phase::Before, _) => return wrong(ErrorCode::ServerNotInitialized, "`initialize` comes first"),
            (Phase::Open, Initialize::METHOD) => {
                return wrong(ErrorCode::InvalidRequest, "`initialize` comes once");
            }
            (Phase::Open, Shutdown::METHOD) => self.phase = Phase::After,
            (Phase::After, _) => return wrong(ErrorCode::InvalidRequest, "only `exit` may follow `shutdown`"),
            (Phase::Open, _) => {}
        }
        let answered = match request.method.as_str() {
            Initialize::METHOD => {
                serde_json::to_value(InitializeResult { capabilities: capabilities(), server_info: None })
            }
            Shutdown::METHOD => Ok(serde_json::Value::Null),
            Completion::METHOD => self.complete(request.params),
            HoverRequest::METHOD => self.hover(request.params),
            Formatting::METHOD => self.format(request.params),
            other => {
                let message = format!("unknown method `{other}`");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        match answered {
            Ok(value) => Response::new_ok(id, value),
            Err(error) => Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string()),
        }
    }

    /// The open text, line number and number of characters before a position.
    fn place(&self, place: &TextDocumentPositionParams) -> Option<(&Open, usize, usize)> {
        let open = self.texts.get(place.text_document.uri.as_str())?;
        let line = place.position.line as usize;
        let text = open.text.lines().nth(line).unwrap_or_default();
        Some((open, line, chars_before(text, place.position)))
    }

    fn complete(&self, params: serde_json::Value) -> Result<serde_json::Value, serde_json::Error> {
        let params: CompletionParams = serde_json::from_value(params)?;
        let items = match self.place(&params.text_document_position) {
            Some((open, line, before)) => complete(&open.path, &open.text, line, before),
            None => Vec::new(),
        };
        serde_json::to_value(CompletionResponse::Array(items))
    }

    fn hover(&self, params: serde_json::Value) -> Result<serde_json::Value, serde_json::Error> {
        let params: HoverParams = serde_json::from_value(params)?;
        let found = self.place(&params.text_document_position_params).and_then(|(open, line, at)| {
            let (value, from, length) = hover(&open.path, &open.text, line, at)?;
            let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let span = Span { file: 0, line: small(line) + 1, column: small(from) + 1, length: small(length) };
            let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
            Some(Hover { contents, range: Some(range_of(&open.text, span)) })
        });
        serde_json::to_value(found)
    }

    /// Formats a text as one edit that replaces all of it. A text with errors is not changed, because its block
    /// structure may be wrong.
    fn format(&self, params: serde_json::Value) -> Result<serde_json::Value, serde_json::Error> {
        let params: DocumentFormattingParams = serde_json::from_value(params)?;
        let Some(open) = self.texts.get(params.text_document.uri.as_str()) else {
            return serde_json::to_value(Vec::<TextEdit>::new());
        };
        let is_valid =
            self.found(open).iter().all(|found| found.severity != Some(lsp_types::DiagnosticSeverity::ERROR));
        let new = sca_scenario::format(&open.text).ok().filter(|new| is_valid && *new != open.text);
        let lines = u32::try_from(open.text.lines().count()).unwrap_or(u32::MAX);
        let whole = Range::new(Position::new(0, 0), Position::new(lines.saturating_add(1), 0));
        serde_json::to_value(new.map(|text| TextEdit::new(whole, text)).into_iter().collect::<Vec<_>>())
    }
}

fn publish(params: PublishDiagnosticsParams) -> Message {
    Message::Notification(Notification::new(PublishDiagnostics::METHOD.to_owned(), params))
}
