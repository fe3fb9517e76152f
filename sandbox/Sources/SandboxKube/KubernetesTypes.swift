/// The fields of Kubernetes 1.36's objects as its OpenAPI document names them, one type a paragraph:
/// `Type field:type …`, a line that begins with a blank goes on.
///
/// Types: `s` string, `i` int32, `l` int64, `b` boolean, `d` base64, `q` quantity, `t` time, `u` time with
/// microseconds, `x` integer or string, `o` anything, `[…]` a list, `{…}` a map, else another type.
/// `@key` after a list: a strategic merge patch merges it by that member, by value where no key follows;
/// `!` after it: the patch may say with `$retainKeys` which members stay.
let kubernetesTypes = """
    AWSElasticBlockStoreVolumeSource fsType:s partition:i readOnly:b volumeID:s
    Affinity nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
    AppArmorProfile localhostProfile:s type:s
    AttachedVolume devicePath:s name:s
    AzureDiskVolumeSource cachingMode:s diskName:s diskURI:s fsType:s kind:s readOnly:b
    AzureFileVolumeSource readOnly:b secretName:s shareName:s
    CSIVolumeSource driver:s fsType:s nodePublishSecretRef:LocalObjectReference readOnly:b volumeAttributes:{s}
    Capabilities add:[s] drop:[s]
    CephFSVolumeSource monitors:[s] path:s readOnly:b secretFile:s secretRef:LocalObjectReference user:s
    CinderVolumeSource fsType:s readOnly:b secretRef:LocalObjectReference volumeID:s
    ClientIPConfig timeoutSeconds:i
    ClusterTrustBundleProjection labelSelector:LabelSelector name:s optional:b path:s signerName:s
    Condition lastTransitionTime:t message:s observedGeneration:l reason:s status:s type:s
    ConfigMap apiVersion:s binaryData:{d} data:{s} immutable:b kind:s metadata:ObjectMeta
    ConfigMapEnvSource name:s optional:b
    ConfigMapKeySelector key:s name:s optional:b
    ConfigMapNodeConfigSource kubeletConfigKey:s name:s namespace:s resourceVersion:s uid:s
    ConfigMapProjection items:[KeyToPath] name:s optional:b
    ConfigMapVolumeSource defaultMode:i items:[KeyToPath] name:s optional:b
    Container args:[s] command:[s] env:[EnvVar]@name envFrom:[EnvFromSource] image:s imagePullPolicy:s
      lifecycle:Lifecycle livenessProbe:Probe name:s ports:[ContainerPort]@containerPort readinessProbe:Probe
      resizePolicy:[ContainerResizePolicy] resources:ResourceRequirements restartPolicy:s
      restartPolicyRules:[ContainerRestartRule] securityContext:SecurityContext startupProbe:Probe stdin:b
      stdinOnce:b terminationMessagePath:s terminationMessagePolicy:s tty:b volumeDevices:[VolumeDevice]@devicePath
      volumeMounts:[VolumeMount]@mountPath workingDir:s
    ContainerExtendedResourceRequest containerName:s requestName:s resourceName:s
    ContainerImage names:[s] sizeBytes:l
    ContainerPort containerPort:i hostIP:s hostPort:i name:s protocol:s
    ContainerResizePolicy resourceName:s restartPolicy:s
    ContainerRestartRule action:s exitCodes:ContainerRestartRuleOnExitCodes
    ContainerRestartRuleOnExitCodes operator:s values:[i]
    ContainerState running:ContainerStateRunning terminated:ContainerStateTerminated waiting:ContainerStateWaiting
    ContainerStateRunning startedAt:t
    ContainerStateTerminated containerID:s exitCode:i finishedAt:t message:s reason:s signal:i startedAt:t
    ContainerStateWaiting message:s reason:s
    ContainerStatus allocatedResources:{q} allocatedResourcesStatus:[ResourceStatus]@name containerID:s image:s
      imageID:s lastState:ContainerState name:s ready:b resources:ResourceRequirements restartCount:i started:b
      state:ContainerState stopSignal:s user:ContainerUser volumeMounts:[VolumeMountStatus]@mountPath
    ContainerUser linux:LinuxContainerUser
    CoreEvent action:s apiVersion:s count:i eventTime:u firstTimestamp:t involvedObject:ObjectReference kind:s
      lastTimestamp:t message:s metadata:ObjectMeta reason:s related:ObjectReference reportingComponent:s
      reportingInstance:s series:EventSeries source:EventSource type:s
    DaemonEndpoint Port:i
    DeleteOptions apiVersion:s dryRun:[s] gracePeriodSeconds:l ignoreStoreReadErrorWithClusterBreakingPotential:b
      kind:s orphanDependents:b preconditions:Preconditions propagationPolicy:s
    DownwardAPIProjection items:[DownwardAPIVolumeFile]
    DownwardAPIVolumeFile fieldRef:ObjectFieldSelector mode:i path:s resourceFieldRef:ResourceFieldSelector
    DownwardAPIVolumeSource defaultMode:i items:[DownwardAPIVolumeFile]
    EmptyDirVolumeSource medium:s sizeLimit:q
    EnvFromSource configMapRef:ConfigMapEnvSource prefix:s secretRef:SecretEnvSource
    EnvVar name:s value:s valueFrom:EnvVarSource
    EnvVarSource configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef:FileKeySelector
      resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
    EphemeralContainer args:[s] command:[s] env:[EnvVar]@name envFrom:[EnvFromSource] image:s imagePullPolicy:s
      lifecycle:Lifecycle livenessProbe:Probe name:s ports:[ContainerPort]@containerPort readinessProbe:Probe
      resizePolicy:[ContainerResizePolicy] resources:ResourceRequirements restartPolicy:s
      restartPolicyRules:[ContainerRestartRule] securityContext:SecurityContext startupProbe:Probe stdin:b
      stdinOnce:b targetContainerName:s terminationMessagePath:s terminationMessagePolicy:s tty:b
      volumeDevices:[VolumeDevice]@devicePath volumeMounts:[VolumeMount]@mountPath workingDir:s
    EphemeralVolumeSource volumeClaimTemplate:PersistentVolumeClaimTemplate
    Event action:s apiVersion:s deprecatedCount:i deprecatedFirstTimestamp:t deprecatedLastTimestamp:t
      deprecatedSource:EventSource eventTime:u kind:s metadata:ObjectMeta note:s reason:s regarding:ObjectReference
      related:ObjectReference reportingController:s reportingInstance:s series:EventSeries type:s
    EventSeries count:i lastObservedTime:u
    EventSource component:s host:s
    Eviction apiVersion:s deleteOptions:DeleteOptions kind:s metadata:ObjectMeta
    ExecAction command:[s]
    FCVolumeSource fsType:s lun:i readOnly:b targetWWNs:[s] wwids:[s]
    FieldSelectorAttributes rawSelector:s requirements:[FieldSelectorRequirement]
    FieldSelectorRequirement key:s operator:s values:[s]
    FileKeySelector key:s optional:b path:s volumeName:s
    FlexVolumeSource driver:s fsType:s options:{s} readOnly:b secretRef:LocalObjectReference
    FlockerVolumeSource datasetName:s datasetUUID:s
    GCEPersistentDiskVolumeSource fsType:s partition:i pdName:s readOnly:b
    GRPCAction port:i service:s
    GitRepoVolumeSource directory:s repository:s revision:s
    GlusterfsVolumeSource endpoints:s path:s readOnly:b
    HTTPGetAction host:s httpHeaders:[HTTPHeader] path:s port:x scheme:s
    HTTPHeader name:s value:s
    HostAlias hostnames:[s] ip:s
    HostIP ip:s
    HostPathVolumeSource path:s type:s
    ISCSIVolumeSource chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn:s iscsiInterface:s lun:i
      portals:[s] readOnly:b secretRef:LocalObjectReference targetPortal:s
    ImageVolumeSource pullPolicy:s reference:s
    ImageVolumeStatus imageRef:s
    Job apiVersion:s kind:s metadata:ObjectMeta spec:JobSpec status:JobStatus
    JobCondition lastProbeTime:t lastTransitionTime:t message:s reason:s status:s type:s
    JobSpec activeDeadlineSeconds:l backoffLimit:i backoffLimitPerIndex:i completionMode:s completions:i managedBy:s
      manualSelector:b maxFailedIndexes:i parallelism:i podFailurePolicy:PodFailurePolicy podReplacementPolicy:s
      selector:LabelSelector successPolicy:SuccessPolicy suspend:b template:PodTemplateSpec
      ttlSecondsAfterFinished:i
    JobStatus active:i completedIndexes:s completionTime:t conditions:[JobCondition]@type failed:i failedIndexes:s
      ready:i startTime:t succeeded:i terminating:i uncountedTerminatedPods:UncountedTerminatedPods
    KeyToPath key:s mode:i path:s
    LabelSelector matchExpressions:[LabelSelectorRequirement] matchLabels:{s}
    LabelSelectorAttributes rawSelector:s requirements:[LabelSelectorRequirement]
    LabelSelectorRequirement key:s operator:s values:[s]
    Lease apiVersion:s kind:s metadata:ObjectMeta spec:LeaseSpec
    LeaseSpec acquireTime:u holderIdentity:s leaseDurationSeconds:i leaseTransitions:i preferredHolder:s renewTime:u
      strategy:s
    Lifecycle postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:s
    LifecycleHandler exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction
    LinuxContainerUser gid:l supplementalGroups:[l] uid:l
    LoadBalancerIngress hostname:s ip:s ipMode:s ports:[PortStatus]
    LoadBalancerStatus ingress:[LoadBalancerIngress]
    LocalObjectReference name:s
    ManagedFieldsEntry apiVersion:s fieldsType:s fieldsV1:o manager:s operation:s subresource:s time:t
    ModifyVolumeStatus status:s targetVolumeAttributesClassName:s
    NFSVolumeSource path:s readOnly:b server:s
    Namespace apiVersion:s kind:s metadata:ObjectMeta spec:NamespaceSpec status:NamespaceStatus
    NamespaceCondition lastTransitionTime:t message:s reason:s status:s type:s
    NamespaceSpec finalizers:[s]
    NamespaceStatus conditions:[NamespaceCondition]@type phase:s
    Node apiVersion:s kind:s metadata:ObjectMeta spec:NodeSpec status:NodeStatus
    NodeAddress address:s type:s
    NodeAffinity preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]
      requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
    NodeAllocatableResourceClaimStatus containers:[s] resourceClaimName:s resources:{q}
    NodeCondition lastHeartbeatTime:t lastTransitionTime:t message:s reason:s status:s type:s
    NodeConfigSource configMap:ConfigMapNodeConfigSource
    NodeConfigStatus active:NodeConfigSource assigned:NodeConfigSource error:s lastKnownGood:NodeConfigSource
    NodeDaemonEndpoints kubeletEndpoint:DaemonEndpoint
    NodeFeatures supplementalGroupsPolicy:b
    NodeRuntimeHandler features:NodeRuntimeHandlerFeatures name:s
    NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:b userNamespaces:b
    NodeSelector nodeSelectorTerms:[NodeSelectorTerm]
    NodeSelectorRequirement key:s operator:s values:[s]
    NodeSelectorTerm matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]
    NodeSpec configSource:NodeConfigSource externalID:s podCIDR:s podCIDRs:[s]@ providerID:s taints:[Taint]
      unschedulable:b
    NodeStatus addresses:[NodeAddress]@type allocatable:{q} capacity:{q} conditions:[NodeCondition]@type
      config:NodeConfigStatus daemonEndpoints:NodeDaemonEndpoints declaredFeatures:[s] features:NodeFeatures
      images:[ContainerImage] nodeInfo:NodeSystemInfo phase:s runtimeHandlers:[NodeRuntimeHandler]
      volumesAttached:[AttachedVolume] volumesInUse:[s]
    NodeSwapStatus capacity:l
    NodeSystemInfo architecture:s bootID:s containerRuntimeVersion:s kernelVersion:s kubeProxyVersion:s
      kubeletVersion:s machineID:s operatingSystem:s osImage:s swap:NodeSwapStatus systemUUID:s
    NonResourceAttributes path:s verb:s
    ObjectFieldSelector apiVersion:s fieldPath:s
    ObjectMeta annotations:{s} creationTimestamp:t deletionGracePeriodSeconds:l deletionTimestamp:t finalizers:[s]@
      generateName:s generation:l labels:{s} managedFields:[ManagedFieldsEntry] name:s namespace:s
      ownerReferences:[OwnerReference]@uid resourceVersion:s selfLink:s uid:s
    ObjectReference apiVersion:s fieldPath:s kind:s name:s namespace:s resourceVersion:s uid:s
    OwnerReference apiVersion:s blockOwnerDeletion:b controller:b kind:s name:s uid:s
    PersistentVolumeClaim apiVersion:s kind:s metadata:ObjectMeta spec:PersistentVolumeClaimSpec
      status:PersistentVolumeClaimStatus
    PersistentVolumeClaimCondition lastProbeTime:t lastTransitionTime:t message:s reason:s status:s type:s
    PersistentVolumeClaimSpec accessModes:[s] dataSource:TypedLocalObjectReference
      dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements selector:LabelSelector
      storageClassName:s volumeAttributesClassName:s volumeMode:s volumeName:s
    PersistentVolumeClaimStatus accessModes:[s] allocatedResourceStatuses:{s} allocatedResources:{q} capacity:{q}
      conditions:[PersistentVolumeClaimCondition]@type currentVolumeAttributesClassName:s
      modifyVolumeStatus:ModifyVolumeStatus phase:s
    PersistentVolumeClaimTemplate metadata:ObjectMeta spec:PersistentVolumeClaimSpec
    PersistentVolumeClaimVolumeSource claimName:s readOnly:b
    PhotonPersistentDiskVolumeSource fsType:s pdID:s
    Pod apiVersion:s kind:s metadata:ObjectMeta spec:PodSpec status:PodStatus
    PodAffinity preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
      requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
    PodAffinityTerm labelSelector:LabelSelector matchLabelKeys:[s] mismatchLabelKeys:[s]
      namespaceSelector:LabelSelector namespaces:[s] topologyKey:s
    PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]
      requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm]
    PodCertificateProjection certificateChainPath:s credentialBundlePath:s keyPath:s keyType:s
      maxExpirationSeconds:i signerName:s userAnnotations:{s}
    PodCondition lastProbeTime:t lastTransitionTime:t message:s observedGeneration:l reason:s status:s type:s
    PodDNSConfig nameservers:[s] options:[PodDNSConfigOption] searches:[s]
    PodDNSConfigOption name:s value:s
    PodExtendedResourceClaimStatus requestMappings:[ContainerExtendedResourceRequest] resourceClaimName:s
    PodFailurePolicy rules:[PodFailurePolicyRule]
    PodFailurePolicyOnExitCodesRequirement containerName:s operator:s values:[i]
    PodFailurePolicyOnPodConditionsPattern status:s type:s
    PodFailurePolicyRule action:s onExitCodes:PodFailurePolicyOnExitCodesRequirement
      onPodConditions:[PodFailurePolicyOnPodConditionsPattern]
    PodIP ip:s
    PodOS name:s
    PodReadinessGate conditionType:s
    PodResourceClaim name:s resourceClaimName:s resourceClaimTemplateName:s
    PodResourceClaimStatus name:s resourceClaimName:s
    PodSchedulingGate name:s
    PodSchedulingGroup podGroupName:s
    PodSecurityContext appArmorProfile:AppArmorProfile fsGroup:l fsGroupChangePolicy:s runAsGroup:l runAsNonRoot:b
      runAsUser:l seLinuxChangePolicy:s seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile
      supplementalGroups:[l] supplementalGroupsPolicy:s sysctls:[Sysctl]
      windowsOptions:WindowsSecurityContextOptions
    PodSpec activeDeadlineSeconds:l affinity:Affinity automountServiceAccountToken:b containers:[Container]@name
      dnsConfig:PodDNSConfig dnsPolicy:s enableServiceLinks:b ephemeralContainers:[EphemeralContainer]@name
      hostAliases:[HostAlias]@ip hostIPC:b hostNetwork:b hostPID:b hostUsers:b hostname:s hostnameOverride:s
      imagePullSecrets:[LocalObjectReference]@name initContainers:[Container]@name nodeName:s nodeSelector:{s}
      os:PodOS overhead:{q} preemptionPolicy:s priority:i priorityClassName:s readinessGates:[PodReadinessGate]
      resourceClaims:[PodResourceClaim]@name! resources:ResourceRequirements restartPolicy:s runtimeClassName:s
      schedulerName:s schedulingGates:[PodSchedulingGate]@name schedulingGroup:PodSchedulingGroup
      securityContext:PodSecurityContext serviceAccount:s serviceAccountName:s setHostnameAsFQDN:b
      shareProcessNamespace:b subdomain:s terminationGracePeriodSeconds:l tolerations:[Toleration]
      topologySpreadConstraints:[TopologySpreadConstraint]@topologyKey volumes:[Volume]@name!
    PodStatus allocatedResources:{q} conditions:[PodCondition]@type containerStatuses:[ContainerStatus]
      ephemeralContainerStatuses:[ContainerStatus] extendedResourceClaimStatus:PodExtendedResourceClaimStatus
      hostIP:s hostIPs:[HostIP]@ip initContainerStatuses:[ContainerStatus] message:s
      nodeAllocatableResourceClaimStatuses:[NodeAllocatableResourceClaimStatus] nominatedNodeName:s
      observedGeneration:l phase:s podIP:s podIPs:[PodIP]@ip qosClass:s reason:s resize:s
      resourceClaimStatuses:[PodResourceClaimStatus]@name! resources:ResourceRequirements startTime:t
    PodTemplateSpec metadata:ObjectMeta spec:PodSpec
    PortStatus error:s port:i protocol:s
    PortworxVolumeSource fsType:s readOnly:b volumeID:s
    Preconditions resourceVersion:s uid:s
    PreferredSchedulingTerm preference:NodeSelectorTerm weight:i
    PriorityClass apiVersion:s description:s globalDefault:b kind:s metadata:ObjectMeta preemptionPolicy:s value:i
    Probe exec:ExecAction failureThreshold:i grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:i
      periodSeconds:i successThreshold:i tcpSocket:TCPSocketAction terminationGracePeriodSeconds:l timeoutSeconds:i
    ProjectedVolumeSource defaultMode:i sources:[VolumeProjection]
    QuobyteVolumeSource group:s readOnly:b registry:s tenant:s user:s volume:s
    RBDVolumeSource fsType:s image:s keyring:s monitors:[s] pool:s readOnly:b secretRef:LocalObjectReference user:s
    ResourceAttributes fieldSelector:FieldSelectorAttributes group:s labelSelector:LabelSelectorAttributes name:s
      namespace:s resource:s subresource:s verb:s version:s
    ResourceClaim name:s request:s
    ResourceFieldSelector containerName:s divisor:q resource:s
    ResourceHealth health:s message:s resourceID:s
    ResourceQuota apiVersion:s kind:s metadata:ObjectMeta spec:ResourceQuotaSpec status:ResourceQuotaStatus
    ResourceQuotaSpec hard:{q} scopeSelector:o scopes:[s]
    ResourceQuotaStatus hard:{q} used:{q}
    ResourceRequirements claims:[ResourceClaim] limits:{q} requests:{q}
    ResourceStatus name:s resources:[ResourceHealth]
    SELinuxOptions level:s role:s type:s user:s
    ScaleIOVolumeSource fsType:s gateway:s protectionDomain:s readOnly:b secretRef:LocalObjectReference sslEnabled:b
      storageMode:s storagePool:s system:s volumeName:s
    SeccompProfile localhostProfile:s type:s
    Secret apiVersion:s data:{d} immutable:b kind:s metadata:ObjectMeta stringData:{s} type:s
    SecretEnvSource name:s optional:b
    SecretKeySelector key:s name:s optional:b
    SecretProjection items:[KeyToPath] name:s optional:b
    SecretVolumeSource defaultMode:i items:[KeyToPath] optional:b secretName:s
    SecurityContext allowPrivilegeEscalation:b appArmorProfile:AppArmorProfile capabilities:Capabilities
      privileged:b procMount:s readOnlyRootFilesystem:b runAsGroup:l runAsNonRoot:b runAsUser:l
      seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions
    SelfSubjectAccessReview apiVersion:s kind:s metadata:ObjectMeta spec:SelfSubjectAccessReviewSpec
      status:SubjectAccessReviewStatus
    SelfSubjectAccessReviewSpec nonResourceAttributes:NonResourceAttributes resourceAttributes:ResourceAttributes
    Service apiVersion:s kind:s metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus
    ServiceAccount apiVersion:s automountServiceAccountToken:b imagePullSecrets:[LocalObjectReference]@name kind:s
      metadata:ObjectMeta secrets:[ObjectReference]@name
    ServiceAccountTokenProjection audience:s expirationSeconds:l path:s
    ServicePort appProtocol:s name:s nodePort:i port:i protocol:s targetPort:x
    ServiceSpec allocateLoadBalancerNodePorts:b clusterIP:s clusterIPs:[s] externalIPs:[s] externalName:s
      externalTrafficPolicy:s healthCheckNodePort:i internalTrafficPolicy:s ipFamilies:[s] ipFamilyPolicy:s
      loadBalancerClass:s loadBalancerIP:s loadBalancerSourceRanges:[s] ports:[ServicePort]@port
      publishNotReadyAddresses:b selector:{s} sessionAffinity:s sessionAffinityConfig:SessionAffinityConfig
      trafficDistribution:s type:s
    ServiceStatus conditions:[Condition]@type loadBalancer:LoadBalancerStatus
    SessionAffinityConfig clientIP:ClientIPConfig
    SleepAction seconds:l
    StorageOSVolumeSource fsType:s readOnly:b secretRef:LocalObjectReference volumeName:s volumeNamespace:s
    SubjectAccessReviewStatus allowed:b denied:b evaluationError:s reason:s
    SuccessPolicy rules:[SuccessPolicyRule]
    SuccessPolicyRule succeededCount:i succeededIndexes:s
    Sysctl name:s value:s
    TCPSocketAction host:s port:x
    Taint effect:s key:s timeAdded:t value:s
    Toleration effect:s key:s operator:s tolerationSeconds:l value:s
    TopologySpreadConstraint labelSelector:LabelSelector matchLabelKeys:[s] maxSkew:i minDomains:i
      nodeAffinityPolicy:s nodeTaintsPolicy:s topologyKey:s whenUnsatisfiable:s
    TypedLocalObjectReference apiGroup:s kind:s name:s
    TypedObjectReference apiGroup:s kind:s name:s namespace:s
    UncountedTerminatedPods failed:[s] succeeded:[s]
    Volume awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource
      azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource cinder:CinderVolumeSource
      configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource
      emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource
      flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource
      glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource image:ImageVolumeSource iscsi:ISCSIVolumeSource
      name:s nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource
      photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource
      projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource
      secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource
    VolumeDevice devicePath:s name:s
    VolumeMount mountPath:s mountPropagation:s name:s readOnly:b recursiveReadOnly:s subPath:s subPathExpr:s
    VolumeMountStatus mountPath:s name:s readOnly:b recursiveReadOnly:s volumeStatus:VolumeStatus
    VolumeProjection clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection
      downwardAPI:DownwardAPIProjection podCertificate:PodCertificateProjection secret:SecretProjection
      serviceAccountToken:ServiceAccountTokenProjection
    VolumeResourceRequirements limits:{q} requests:{q}
    VolumeStatus image:ImageVolumeStatus
    VsphereVirtualDiskVolumeSource fsType:s storagePolicyID:s storagePolicyName:s volumePath:s
    WeightedPodAffinityTerm podAffinityTerm:PodAffinityTerm weight:i
    WindowsSecurityContextOptions gmsaCredentialSpec:s gmsaCredentialSpecName:s hostProcess:b runAsUserName:s
    """
