import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.net.InetAddress;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** Serves TLS with exactly the protocols of each argument after the key and the certificate, both DER; prints one port each. */
public class Server {
    public static void main(String[] args) throws Exception {
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.tls.legacyAlgorithms", "");
        SSLContext context = context(Path.of(args[0]), Path.of(args[1]));
        for (int i = 2; i < args.length; i++) {
            SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
            server.setEnabledCipherSuites(server.getSupportedCipherSuites());
            server.setEnabledProtocols(args[i].split(","));
            Thread t = new Thread(() -> serve(server));
            t.start();
            System.out.println(server.getLocalPort());
        }
        while (System.in.read() >= 0) { }
        System.exit(0);
    }

    static SSLContext context(Path key, Path certificate) throws Exception {
        Certificate c = CertificateFactory.getInstance("X.509").generateCertificate(Files.newInputStream(certificate));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("k", KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(key))),
            new char[0], new Certificate[] {c});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    static void serve(SSLServerSocket server) {
        while (true) {
            try (SSLSocket s = (SSLSocket) server.accept()) {
                s.setSoTimeout(5000);
                s.startHandshake();
            } catch (Exception e) {
                // The probe never finishes a handshake.
            }
        }
    }
}
