import CCurl
import Glibc
import HTTP

/// The thread's own side: drives all transfers of one transport. Nothing here is touched by any other thread.
struct CurlLoop {
    private let engine: CurlEngine
    private let multi: UnsafeMutableRawPointer
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var ofHandle: [UnsafeMutableRawPointer: Transfer] = [:]
    /// No silence limit can pass before this instant.
    private var nextIdleCheck: ContinuousClock.Instant?

    init(_ engine: CurlEngine, _ multi: UnsafeMutableRawPointer) {
        self.engine = engine
        self.multi = multi
    }

    mutating func run() {
        while true {
            let (commands, isStopping) = engine.takeCommands()
            for command in commands { obey(command) }
            if isStopping { break }
            var running: Int32 = 0
            let status = curl_multi_perform(multi, &running)
            if status != CURLM_OK { endAll(.protocolViolation, String(cString: curl_multi_strerror(status))) }
            collectFinished()
            expireIdle()
            curl_multi_poll(multi, nil, 0, pollMilliseconds(), nil)
        }
        endAll(.cancelled, "the transport was closed")
        engine.close()
    }

    // MARK: - Commands

    private mutating func obey(_ command: CurlEngine.Command) {
        switch command {
        case .start(let exchange): start(exchange)
        case .cancel(let exchange):
            if let transfer = transfers[ObjectIdentifier(exchange)] {
                end(transfer, transfer.error(.cancelled, "cancelled"))
            } else {
                // Its start may still be on the way; when it is over instead, the mark is of no account.
                exchange.cancelBeforeStart()
            }
        case .resume(let exchange): transfers[ObjectIdentifier(exchange)]?.resume()
        }
    }

    private mutating func start(_ exchange: Exchange) {
        if exchange.isCancelledBeforeStart {
            exchange.finish(exchange.error(.cancelled, mayHaveActed: false, "cancelled"))
            return
        }
        let transfer: Transfer
        do throws(HTTPError) { transfer = try Transfer(exchange) } catch {
            exchange.finish(error)
            return
        }
        let status = curl_multi_add_handle(multi, transfer.easy)
        guard status == CURLM_OK else {
            let why = String(cString: curl_multi_strerror(status))
            exchange.finish(exchange.error(.connect, mayHaveActed: false, why))
            return
        }
        transfers[ObjectIdentifier(exchange)] = transfer
        ofHandle[transfer.easy] = transfer
        nextIdleCheck = min(nextIdleCheck ?? transfer.idleDeadline, transfer.idleDeadline)
    }

    // MARK: - Ends

    private mutating func collectFinished() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = ofHandle[easy]
            else { continue }
            let code = message.pointee.data.result
            if code == CURLE_OK { transfer.succeed() }
            end(transfer, code == CURLE_OK ? nil : transfer.failure(code))
        }
    }

    private mutating func end(_ transfer: Transfer, _ error: HTTPError?) {
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        ofHandle[transfer.easy] = nil
        curl_multi_remove_handle(multi, transfer.easy)
        transfer.exchange.finish(error)
    }

    private mutating func endAll(_ kind: HTTPError.Kind, _ why: String) {
        for transfer in Array(transfers.values) { end(transfer, transfer.error(kind, why)) }
    }

    // MARK: - Silence

    private mutating func expireIdle() {
        guard let check = nextIdleCheck else { return }
        let now = ContinuousClock.now
        guard now >= check else { return }
        var next: ContinuousClock.Instant?
        for transfer in Array(transfers.values) {
            if transfer.isIdle(at: now) {
                let silence = transfer.exchange.request.timeouts.idle
                end(transfer, transfer.error(.timeout, "the server was silent for \(silence)"))
            } else {
                next = min(next ?? transfer.idleDeadline, transfer.idleDeadline)
            }
        }
        nextIdleCheck = next
    }

    /// Until the next silence limit; libcurl shortens it to its own timers, a command cuts it off.
    private func pollMilliseconds() -> Int32 {
        guard let check = nextIdleCheck else { return 60_000 }
        let wait = ContinuousClock.now.duration(to: check)
        return Int32(clamping: min(60_000, max(0, wait.milliseconds + 1)))
    }
}

extension Duration {
    /// Whole milliseconds, cut off.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
