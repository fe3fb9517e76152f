@main
struct GlueSandboxCommand {
    static func main() {}
}
