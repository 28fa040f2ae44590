import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.nio.file.Path;

/** Runs an embedded HiveMQ, which lets nobody in without an extension that does: {@code Hivemq CONF DATA EXTENSIONS}. */
public final class Hivemq {

    public static void main(final String[] arguments) {
        final SimpleAuthenticator everybody = (input, output) -> output.authenticateSuccessfully();
        final EmbeddedExtension extension = EmbeddedExtension.builder()
                .withId("everybody")
                .withName("Everybody may come in")
                .withVersion("1")
                .withAuthor("mqttrep")
                .withExtensionMain(new ExtensionMain() {
                    @Override
                    public void extensionStart(final ExtensionStartInput input, final ExtensionStartOutput output) {
                        Services.securityRegistry().setAuthenticatorProvider(provided -> everybody);
                    }

                    @Override
                    public void extensionStop(final ExtensionStopInput input, final ExtensionStopOutput output) {}
                })
                .build();
        final EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
                .withConfigurationFolder(Path.of(arguments[0]))
                .withDataFolder(Path.of(arguments[1]))
                .withExtensionsFolder(Path.of(arguments[2]))
                .withEmbeddedExtension(extension)
                .build();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> broker.stop().join()));
        broker.start().join();
    }
}
