@main
enum Manifold {
    static func main() { print("x") }
}
