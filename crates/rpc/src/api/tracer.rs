//! geth's tracers: which one is asked for, what execution must keep for it, and its answer.

use super::Api;
use crate::{
    error::{Result, RpcError},
    params::{Object, boolean, count},
    types::trace::{
        CallTreeOptions, FlatOptions, PrestateOptions, Text, Where, call_tree, flat_traces, four_bytes, prestate,
        struct_logs,
    },
};
use limpid_chain::Recovered;
use limpid_evm::{Outcome, Tracing, tracer::StepOptions};
use serde_json::{Value, value::RawValue};

/// Tracers that one muxTracer may hold.
const MOST_IN_MUX: usize = 16;

/// A tracer and its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tracer {
    /// Every opcode: what is answered when no tracer is named.
    Steps(StepOptions),
    /// callTracer.
    Calls(CallTreeOptions),
    /// flatCallTracer.
    Flat(FlatOptions),
    /// prestateTracer.
    Prestate(PrestateOptions),
    /// 4byteTracer.
    FourBytes,
    /// noopTracer.
    Nothing,
    /// muxTracer.
    Mux(Vec<(String, Tracer)>),
}

/// What a transaction did and where it stands, for a tracer.
#[derive(Debug)]
pub(super) struct Traced {
    outcome: Outcome,
    /// Its place; `None` for calls.
    place: Option<Where>,
    /// The index of its first log in its block; 0 for calls.
    first_log: u64,
}

impl Traced {
    /// A transaction of a block. A system transaction's limit is what it used.
    pub(super) fn in_block(tx: &Recovered, outcome: Outcome, place: Where, first_log: u64) -> Self {
        let gas = if tx.as_system().is_some() { outcome.gas_used } else { tx.gas_limit() };
        Self { place: Some(place), first_log, ..Self::call(outcome, gas) }
    }

    /// A call that was given `gas`. The root of its tree shows what the whole of it was given and used, as geth has it.
    pub(super) fn call(mut outcome: Outcome, gas: u64) -> Self {
        if let Some(root) = &mut outcome.trace {
            (root.gas, root.gas_used) = (gas, outcome.gas_used);
        }
        Self { outcome, place: None, first_log: 0 }
    }
}

impl Tracer {
    /// Reads trace options. What is left of the object belongs to the method.
    pub(super) fn parse(given: Option<Value>) -> Result<(Self, Option<Object>)> {
        let Some(given) = given else { return Ok((Self::Steps(step_options(None)?), None)) };
        let mut object = Object::new(given, "trace options")?;
        let config = object.take("tracerConfig");
        let tracer = match object.take("tracer") {
            None => Self::Steps(step_options(Some(&mut object))?),
            Some(Value::String(name)) if name.is_empty() => Self::Steps(step_options(Some(&mut object))?),
            Some(Value::String(name)) => Self::named(&name, config)?,
            Some(_) => return Err(RpcError::params("invalid argument trace options.tracer: expected a name")),
        };
        Ok((tracer, Some(object)))
    }

    fn named(name: &str, config: Option<Value>) -> Result<Self> {
        if name == "muxTracer" {
            return Self::mux(config);
        }
        let mut config = Object::new(config.unwrap_or_else(|| Value::Object(Default::default())), "tracerConfig")?;
        let mut flag = |field| Ok::<_, RpcError>(config.read(field, boolean)?.unwrap_or(false));
        Ok(match name {
            "callTracer" => {
                Self::Calls(CallTreeOptions { only_top_call: flag("onlyTopCall")?, with_log: flag("withLog")? })
            }
            "flatCallTracer" => Self::Flat(FlatOptions {
                precompiles: flag("includePrecompiles")?,
                parity_errors: flag("convertParityErrors")?,
            }),
            "prestateTracer" => Self::Prestate(PrestateOptions {
                diff: flag("diffMode")?,
                disable_code: flag("disableCode")?,
                disable_storage: flag("disableStorage")?,
                include_empty: flag("includeEmpty")?,
            }),
            "4byteTracer" => Self::FourBytes,
            "noopTracer" => Self::Nothing,
            _ => {
                return Err(RpcError::refused(
                    "tracer not found: offered are callTracer, flatCallTracer, prestateTracer, 4byteTracer, muxTracer, \
                     noopTracer, and struct logs when no tracer is named; tracers in JavaScript are not run",
                ));
            }
        })
    }

    fn mux(config: Option<Value>) -> Result<Self> {
        let config =
            config.ok_or_else(|| RpcError::params("muxTracer needs tracerConfig: a tracer's options by its name"))?;
        let named = Object::new(config, "tracerConfig")?.rest();
        if named.len() > MOST_IN_MUX || named.contains_key("muxTracer") {
            return Err(RpcError::params(format!(
                "muxTracer takes at most {MOST_IN_MUX} tracers, none of them a muxTracer"
            )));
        }
        let tracers = named.into_iter().map(|(name, config)| {
            let tracer = Self::named(&name, Some(config).filter(|config| !config.is_null()))?;
            Ok((name, tracer))
        });
        tracers.collect::<Result<_>>().map(Self::Mux)
    }

    /// What execution must keep.
    pub(super) fn tracing(&self) -> Tracing {
        match self {
            Self::Steps(options) => Tracing { steps: Some(*options), ..Tracing::NONE },
            Self::Calls(_) | Self::Flat(_) | Self::FourBytes => Tracing::CALLS,
            Self::Prestate(_) => Tracing { changes: true, ..Tracing::NONE },
            Self::Nothing => Tracing::NONE,
            Self::Mux(tracers) => tracers.iter().fold(Tracing::NONE, |all, (_, tracer)| {
                let one = tracer.tracing();
                Tracing { calls: all.calls || one.calls, changes: all.changes || one.changes, ..all }
            }),
        }
    }

    /// Writes the answer for one transaction.
    pub(super) fn write(&self, json: &mut Text, traced: &Traced) -> Result<()> {
        let outcome = &traced.outcome;
        match self {
            Self::Steps(options) => {
                let steps = kept(outcome.details.steps.as_ref())?;
                struct_logs(json, outcome, steps, options.stack, options.memory)
            }
            Self::Calls(options) => call_tree(json, kept(outcome.trace.as_ref())?, *options, traced.first_log),
            Self::Flat(options) => {
                json.push("[")?;
                flat_traces(json, kept(outcome.trace.as_ref())?, *options, traced.place, &mut true)?;
                json.push("]")
            }
            Self::Prestate(options) => prestate(json, kept(outcome.details.changes.as_ref())?, *options),
            Self::FourBytes => json.value(&four_bytes(kept(outcome.trace.as_ref())?)?),
            Self::Nothing => json.push("{}"),
            Self::Mux(tracers) => {
                json.push("{")?;
                for (place, (name, tracer)) in tracers.iter().enumerate() {
                    json.comma(place == 0)?;
                    json.value(name)?;
                    json.push(":")?;
                    tracer.write(json, traced)?;
                }
                json.push("}")
            }
        }
    }

    /// The answer for one transaction.
    pub(super) fn answer(&self, traced: &Traced) -> Result<Box<RawValue>> {
        let mut json = Text::default();
        self.write(&mut json, traced)?;
        json.finish()
    }
}

pub(super) fn kept<T>(found: Option<T>) -> Result<T> {
    found.ok_or_else(|| RpcError::internal(&"a trace was not kept"))
}

fn step_options(object: Option<&mut Object>) -> Result<StepOptions> {
    let mut options = StepOptions { stack: true, storage: true, ..StepOptions::default() };
    let Some(object) = object else { return Ok(options) };
    let mut flag = |field| Ok::<_, RpcError>(object.read(field, boolean)?.unwrap_or(false));
    options.stack = !flag("disableStack")?;
    options.storage = !flag("disableStorage")?;
    options.memory = flag("enableMemory")?;
    options.return_data = flag("enableReturnData")?;
    options.most = object.read("limit", count)?.unwrap_or(0);
    Ok(options)
}

impl Api {
    /// Waits until this trace may be made.
    pub(super) fn may_trace(&self) -> Result<super::gate::Pass<'_>> {
        self.0.traces.enter(std::time::Duration::from_secs(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(given: Value) -> Result<Tracer> {
        Tracer::parse(Some(given)).map(|(tracer, _)| tracer)
    }

    #[test]
    fn names_and_options() {
        assert_eq!(parse(json!({ "tracer": "" })).unwrap(), Tracer::parse(None).unwrap().0);
        let options = StepOptions { memory: true, storage: true, most: 5, ..StepOptions::default() };
        let given = json!({ "disableStack": true, "enableMemory": true, "limit": 5, "timeout": "5s" });
        assert_eq!(parse(given).unwrap(), Tracer::Steps(options));
        let given = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
        assert_eq!(parse(given).unwrap(), Tracer::Calls(CallTreeOptions { with_log: true, only_top_call: false }));
        let mux = json!({ "tracer": "muxTracer", "tracerConfig": { "4byteTracer": null, "prestateTracer": { "diffMode": true } } });
        let mux = parse(mux).unwrap();
        assert_eq!(mux.tracing(), Tracing { calls: true, changes: true, ..Tracing::NONE });
        assert_eq!(parse(json!({ "tracer": "{step: function() {}}" })).unwrap_err().code, -32000);
        for bad in [
            json!(1),
            json!({ "tracer": 1 }),
            json!({ "limit": -1 }),
            json!({ "disableStack": "yes" }),
            json!({ "tracer": "callTracer", "tracerConfig": { "withLog": 1 } }),
            json!({ "tracer": "muxTracer" }),
            json!({ "tracer": "muxTracer", "tracerConfig": { "muxTracer": {} } }),
        ] {
            assert_eq!(parse(bad.clone()).unwrap_err().code, -32602, "{bad}");
        }
    }
}
