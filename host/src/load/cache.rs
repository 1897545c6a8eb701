//! A cache of compiled code. It is a folder of the user's own, and is kept from one start to the
//! next.
//!
//! Compiled code runs without further checks. Anybody able to write it gets the rights of this
//! program. So no other user may write to the folder. Each file begins with the digest of its code,
//! and a damaged file is compiled again.

use super::Files;
use crate::VERSION;
use crate::log::Log;
use anyhow::{Context, Result, anyhow, ensure};
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The number of components to keep. The most recently used ones are kept.
const KEPT: usize = 32;

/// The minimum age of an abandoned file. A process leaves such an unfinished file if it is killed.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// The size in bytes of the digest at the start of a file.
const DIGEST_BYTES: usize = 32;

/// A folder of compiled components. Each file is named by the digest of all its sources and
/// settings.
pub struct Cache {
    /// The folder, or `None` to keep no code.
    folder: Option<PathBuf>,
    engine: u64,
    log: Log,
}

impl Cache {
    /// Opens the cache in `folder`, or in the user's cache folder if `folder` is `None`. Without a
    /// safe folder, nothing is kept, and each start takes longer. `log` gets the reason.
    pub fn open(folder: Option<PathBuf>, engine: &Engine, log: &Log) -> Self {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let folder = folder.map_or_else(users_folder, Ok).and_then(open_folder);
        let folder = folder.inspect_err(|error| {
            log.line(format_args!("warning: compiled code is not kept: {error:#}"));
        });
        Self { folder: folder.ok(), engine: hasher.finish(), log: log.clone() }
    }

    /// Returns the compiled component of `files`. If it is not in the cache, calls `compile` and
    /// keeps the result.
    ///
    /// # Errors
    ///
    /// If `compile` fails, or its code cannot be loaded.
    pub fn load_or(
        &self,
        engine: &Engine,
        files: &Files,
        compile: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Component> {
        let path = self.folder.as_ref().map(|folder| folder.join(self.file_name(files)));
        if let Some(component) = path.as_ref().and_then(|path| read(engine, path)) {
            return Ok(component);
        }
        let code = compile()?;
        if let Some(path) = path
            && let Err(error) = write(&path, &code)
        {
            // A full disk only makes each start slower.
            let shown = path.display();
            self.log.line(format_args!("warning: compiled code is not kept in {shown}: {error}"));
        }
        // SAFETY: this engine has just compiled the code.
        let component = unsafe { Component::deserialize(engine, code) };
        component.map_err(|error| anyhow!("{error:#}"))
    }

    fn file_name(&self, files: &Files) -> String {
        let mut digest = Sha256::new();
        digest.update(format!("{VERSION} {:x} {}", self.engine, files.inherit));
        digest.update([u8::from(files.has_environment)]);
        digest.update(Sha256::digest(&files.source));
        for dependency in &files.dependencies {
            digest.update(format!("{:?} {:?}", dependency.name, dependency.export));
            digest.update(Sha256::digest(&dependency.bytes));
        }
        let hex = |byte: &u8| format!("{byte:02x}");
        let name: String = digest.finalize().iter().take(16).map(hex).collect();
        format!("{name}.cwasm")
    }

    /// Removes abandoned files, and all components except the most recently used ones.
    pub fn prune(&self) {
        let Some(entries) = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok())
        else {
            return;
        };
        // Collect the finished files, and remove the abandoned ones.
        let mut used = Vec::new();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let Some(modified) = path.metadata().ok().and_then(|file| file.modified().ok()) else {
                continue;
            };
            let abandoned = modified.elapsed().is_ok_and(|age| age > ABANDONED);
            match path.extension().and_then(|end| end.to_str()) {
                Some("cwasm") => used.push((modified, path)),
                Some("tmp") if abandoned => _ = fs::remove_file(path),
                _ => {}
            }
        }
        // Keep the most recently used components.
        used.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        for (_, path) in used.into_iter().skip(KEPT) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Returns the user's cache folder, by the XDG Base Directory Specification.
fn users_folder() -> Result<PathBuf> {
    let given = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let given = given.filter(|folder| folder.is_absolute());
    let folder = given.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    let folder = folder.filter(|folder| folder.is_absolute());
    Ok(folder.context("set HOME or XDG_CACHE_HOME")?.join("model-api-host"))
}

/// Creates `folder` if it is missing, and checks for exclusive use by this user.
///
/// # Errors
///
/// If the folder cannot be made, belongs to another user, or is open to other users.
fn open_folder(folder: PathBuf) -> Result<PathBuf> {
    let shown = folder.display();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot make the folder {shown}"))?;
    let found = fs::metadata(&folder).with_context(|| format!("cannot look at {shown}"))?;
    let user = rustix::process::geteuid().as_raw();
    ensure!(found.uid() == user, "{shown} is another user's; set XDG_CACHE_HOME to one of yours");
    ensure!(found.mode() & 0o077 == 0, "others may use {shown}; close it with chmod 700 {shown}");
    Ok(folder)
}

/// Reads the component in the file at `path`. `None` if the file is damaged or for another engine.
fn read(engine: &Engine, path: &Path) -> Option<Component> {
    let file = fs::read(path).ok()?;
    let (digest, code) = file.split_first_chunk::<DIGEST_BYTES>()?;
    if Sha256::digest(code)[..] != digest[..] {
        return None;
    }
    // SAFETY: code from elsewhere than wasmtime could do anything. But only this user can write to
    // the folder, the file's name has the digest of the code's sources and of its engine, and the
    // code has the digest in the file.
    let component = unsafe { Component::deserialize(engine, code) }.ok()?;
    let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    Some(component)
}

/// Writes the file completely or not at all. It has a temporary name until it is on the disk.
fn write(path: &Path, code: &[u8]) -> std::io::Result<()> {
    let unique = RandomState::new().hash_one(std::process::id());
    let unfinished = path.with_extension(format!("{unique:016x}.tmp"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file
        .write_all(&Sha256::digest(code))
        .and_then(|()| file.write_all(code))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, path));
    written.inspect_err(|_| _ = fs::remove_file(&unfinished))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::{Arc, Mutex};

    /// Returns the path of a new folder for one test.
    fn folder(name: &str) -> PathBuf {
        let unique = RandomState::new().hash_one(name);
        std::env::temp_dir().join(format!("model-api-host-{name}-{unique:016x}"))
    }

    fn files() -> Files {
        Files {
            source: b"(component)".to_vec(),
            dependencies: Vec::new(),
            inherit: false,
            has_environment: false,
        }
    }

    /// Loads the component through a cache in `folder`. Returns true if it was compiled.
    fn compiles(folder: &Path) -> bool {
        let engine = Engine::default();
        let cache = Cache::open(Some(folder.to_owned()), &engine, &Log::new(|_| ()));
        let compiled = Cell::new(false);
        let compile = || {
            compiled.set(true);
            compile(&engine)
        };
        cache.load_or(&engine, &files(), compile).unwrap();
        compiled.get()
    }

    fn compile(engine: &Engine) -> Result<Vec<u8>> {
        let component = wat::parse_bytes(b"(component)")?;
        engine.precompile_component(&component).map_err(|error| anyhow!("{error:#}"))
    }

    /// Makes a log. Returns it with the list of its lines.
    fn log() -> (Log, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        (Log::new(move |line| sink.lock().unwrap().push(line.to_owned())), lines)
    }

    /// Returns the only file in `folder`.
    fn code_file(folder: &Path) -> PathBuf {
        let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = files.next().unwrap();
        assert_eq!(files.next(), None);
        file
    }

    #[test]
    fn a_component_is_compiled_once_into_a_folder_of_the_users_own() {
        let folder = folder("once");
        assert!(compiles(&folder) && !compiles(&folder));
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(code_file(&folder)).unwrap().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_file_is_compiled_again() {
        let folder = folder("damaged");
        compiles(&folder);
        let path = code_file(&folder);
        let whole = fs::read(&path).unwrap();
        let middle = whole.len() / 2;
        let zeroed = [&whole[..middle], &vec![0; whole.len() - middle]].concat();
        // wasmtime would not notice this change.
        let mut one_bit = whole.clone();
        *one_bit.last_mut().unwrap() ^= 1;
        for damaged in [&one_bit[..], &zeroed, &whole[..middle], &whole[..10], b""] {
            fs::write(&path, damaged).unwrap();
            assert!(compiles(&folder), "{} bytes", damaged.len());
            assert!(!compiles(&folder), "it is whole again");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_open_to_other_users_is_not_used() {
        let folder = folder("open");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o770)).unwrap();
        let (log, lines) = log();
        let cache = Cache::open(Some(folder.clone()), &Engine::default(), &log);
        assert_eq!(cache.folder, None);
        let line = lines.lock().unwrap().concat();
        assert!(line.ends_with(&format!("close it with chmod 700 {}", folder.display())), "{line}");
        fs::remove_dir(folder).unwrap();
    }

    #[test]
    fn code_that_cannot_be_written_is_used_all_the_same_and_logged() {
        let folder = folder("unwritable");
        let (log, lines) = log();
        let engine = Engine::default();
        let cache = Cache::open(Some(folder.clone()), &engine, &log);
        // A file cannot replace this folder.
        let path = folder.join(cache.file_name(&files()));
        fs::create_dir_all(path.join("taken")).unwrap();
        assert!(cache.load_or(&engine, &files(), || compile(&engine)).is_ok());
        let line = lines.lock().unwrap().concat();
        let expected = format!("warning: compiled code is not kept in {}: ", path.display());
        assert!(line.starts_with(&expected), "{line}");
        // No unfinished file is left.
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    /// Such times appear if the clock is set back or forward by years.
    #[test]
    fn files_from_the_future_and_the_past_are_used_and_kept() {
        let folder = folder("clock");
        compiles(&folder);
        let path = code_file(&folder);
        let cache = Cache::open(Some(folder.clone()), &Engine::default(), &Log::new(|_| ()));
        for time in [SystemTime::UNIX_EPOCH, SystemTime::now() + ABANDONED * 24 * 365 * 20] {
            File::open(&path).unwrap().set_modified(time).unwrap();
            cache.prune();
            assert!(!compiles(&folder), "{time:?}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_processes_share_the_folder() {
        let folder = folder("shared");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| compiles(&folder));
            }
        });
        code_file(&folder);
        assert!(!compiles(&folder));
        fs::remove_dir_all(folder).unwrap();
    }
}
