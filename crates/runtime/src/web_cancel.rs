//! Giving up a request that is under way: its connection is shut down by whoever no longer wants the
//! answer, and the thread that waits on it goes on at once.
//!
//! The client is made for one thread per request and keeps connections for later ones, so a request can't
//! be asked for its connection. Instead every connection, before it reads or writes, asks its thread for
//! whom: the thread says so in [`Wanted::during`].

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, ShutdownHandle, TcpConnector, Transport,
};

/// Whether the answer of a request is still wanted.
#[derive(Default)]
pub(crate) struct Wanted {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_given_up: bool,
    /// What it used last.
    line: Option<Arc<Line>>,
}

/// A connection, as those see it who may shut it down.
#[derive(Default)]
struct Line {
    /// Who used it last: a connection that is kept has many users, one after another.
    user: Mutex<Weak<Wanted>>,
    socket: Mutex<Option<Weak<dyn ShutdownHandle>>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Wanted>>> = const { RefCell::new(None) };
}

impl Wanted {
    /// Makes a request on this thread.
    pub(crate) fn during(self: &Arc<Self>, request: impl FnOnce()) {
        CURRENT.set(Some(Arc::clone(self)));
        request();
        CURRENT.set(None);
    }

    /// Ends the request, unless it has ended. It may still be looking for the host, or connect.
    pub(crate) fn give_up(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        state.is_given_up = true;
        let Some(line) = state.line.take() else { return };
        let user = lock(&line.user);
        if std::ptr::eq(user.as_ptr(), Arc::as_ptr(self))
            && let Some(socket) = lock(&line.socket).as_ref().and_then(Weak::upgrade)
        {
            socket.shutdown();
        }
    }

    /// Whether somebody waits for the answer; and from now on this is what has to be shut down.
    fn claim(self: &Arc<Self>, line: Option<&Arc<Line>>) -> Result<(), Error> {
        let mut state = lock(&self.state);
        if state.is_given_up {
            let error = io::Error::new(io::ErrorKind::NotConnected, "nobody waits for the answer");
            return Err(error.into());
        }
        if let Some(line) = line {
            *lock(&line.user) = Arc::downgrade(self);
            state.line = Some(Arc::clone(line));
        }
        Ok(())
    }
}

/// See [`Wanted::claim`]; what is not made by [`Wanted::during`] is always wanted.
fn claim(line: Option<&Arc<Line>>) -> Result<(), Error> {
    CURRENT.with_borrow(|wanted| wanted.as_ref().map_or(Ok(()), |wanted| wanted.claim(line)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens connections that can be shut down for one request.
#[derive(Debug, Default)]
pub(crate) struct LineConnector(TcpConnector);

impl Connector for LineConnector {
    type Out = LineTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        claim(None)?;
        let line = Arc::new(Line::default());
        let (known, register) = (Arc::clone(&line), Arc::clone(&details.register_shutdown));
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::new(move |socket: Weak<dyn ShutdownHandle>| {
                *lock(&known.socket) = Some(Weak::clone(&socket));
                register(socket)
            }),
        };
        let inner = self.0.connect(&details, chained)?;
        Ok(inner.map(|inner| LineTransport { inner, line }))
    }
}

/// See [`LineConnector`].
pub(crate) struct LineTransport {
    inner: <TcpConnector as Connector>::Out,
    line: Arc<Line>,
}

impl fmt::Debug for LineTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Transport for LineTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        claim(Some(&self.line))?;
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        claim(Some(&self.line))?;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}
